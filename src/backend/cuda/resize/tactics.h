/// Resizing on CUDA.
#pragma once

#include "backend/tactic.h"

namespace bolide::cuda {

std::span<const Tactic* const> resize_tactics();

}  // namespace bolide::cuda
