/// MaxPool and AveragePool on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Best guess first.
std::span<const Tactic* const> pool_tactics();

}  // namespace bolide::cpu
