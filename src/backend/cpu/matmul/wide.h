#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Products of f64 and of integers of 32 and 64 bits.
const Tactic& wide_matmul();

}  // namespace bolide::cpu
