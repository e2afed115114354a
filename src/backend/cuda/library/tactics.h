/// Convolutions and products by cuDNN and cuBLASLt, where these are on the machine.
///
/// A tactic's number is the place of its engine in the list that the library proposes for a problem; that list is the
/// same for one version on one kind of device, and the version is the tactic's revision.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

/// fused convolutions, channels-last
std::span<const Tactic* const> cudnn_tactics();
/// products, and convolutions that are products
std::span<const Tactic* const> cublaslt_tactics();

}  // namespace bolide::cuda
