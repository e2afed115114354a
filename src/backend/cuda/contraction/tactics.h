/// Convolution, its transpose and matrix products on tensor cores and without.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

/// bulk copies and wgmma, sm_90a
std::span<const Tactic* const> hopper_gemm_tactics();
std::span<const Tactic* const> hopper_split_tactics();
/// cp.async and mma.sync, sm_80 and later
std::span<const Tactic* const> implicit_gemm_tactics();
/// images of a few channels
std::span<const Tactic* const> stem_tactics();
/// everything, slowly; also transposed convolution
std::span<const Tactic* const> simt_tactics();

}  // namespace bolide::cuda
