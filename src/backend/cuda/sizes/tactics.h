/// Sizes as values on CUDA: what they are is known when a kernel is made, so that nothing is read.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

std::span<const Tactic* const> size_tactics();

}  // namespace bolide::cuda
