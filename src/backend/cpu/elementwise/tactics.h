/// Elementwise operators and fused chains of them on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Best guess first.
std::span<const Tactic* const> elementwise_tactics();

}  // namespace bolide::cpu
