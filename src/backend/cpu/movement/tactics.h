/// Operators that only move numbers, on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Best guess first.
std::span<const Tactic* const> copy_tactics();
bool is_copy(const Op& op);
std::span<const Tactic* const> gather_tactics();
/// Shape and Size.
std::span<const Tactic* const> sizes_tactics();

}  // namespace bolide::cpu
