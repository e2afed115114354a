/// Elementwise work on CUDA: chains of functions, casts, and moving data between layouts.
#pragma once

#include "backend/tactic.h"

namespace bolide::cuda {

/// Any expression over broadcast inputs, one kernel with the expression in its text.
std::span<const Tactic* const> chain_tactics();
/// Operators that only move elements by strides; through tiles in shared memory where both sides ask for it.
std::span<const Tactic* const> copy_tactics();

}  // namespace bolide::cuda
