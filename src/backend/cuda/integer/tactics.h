/// Contractions of 8-bit integers on CUDA: exact sums, then the epilogue step by step as the reference has it.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

/// mma.sync on constant weights, sm_80 and later
std::span<const Tactic* const> integer_gemm_tactics();
/// one channel a group, channels-last
std::span<const Tactic* const> integer_depthwise_tactics();
/// everything, slowly
std::span<const Tactic* const> integer_direct_tactics();

}  // namespace bolide::cuda
