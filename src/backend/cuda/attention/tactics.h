/// Fused attention.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

std::span<const Tactic* const> attention_tactics();
/// For sm_90a.
std::span<const Tactic* const> hopper_attention_tactics();

}  // namespace bolide::cuda
