/// The matrix product tactics of the CPU.
#pragma once

#include "backend/tactic.h"
#include "ops/matmul.h"

namespace bolide {

/// Best guess first.
std::span<const Tactic* const> matmul_tactics();

}  // namespace bolide
