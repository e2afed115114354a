/// Picking slices by index on CUDA.
#pragma once

#include "backend/tactic.h"

namespace bolide::cuda {

std::span<const Tactic* const> gather_tactics();

}  // namespace bolide::cuda
