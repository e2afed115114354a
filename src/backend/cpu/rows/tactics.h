/// Softmax, normalisation and reduction on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Best guess first, one list for each group of operators.
std::span<const Tactic* const> softmax_tactics();
std::span<const Tactic* const> layer_norm_tactics();
std::span<const Tactic* const> channel_norm_tactics();
std::span<const Tactic* const> reduce_tactics();

}  // namespace bolide::cpu
