/// Pooling on CUDA: any number of spatial dims, any strides.
#pragma once

#include "backend/tactic.h"

namespace bolide::cuda {

std::span<const Tactic* const> pool_tactics();

}  // namespace bolide::cuda
