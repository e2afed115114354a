/// Ensembles of trees on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Best guess first.
std::span<const Tactic* const> tree_tactics();

}  // namespace bolide::cpu
