/// Fused attention on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

std::span<const Tactic* const> attention_tactics();

}  // namespace bolide::cpu
