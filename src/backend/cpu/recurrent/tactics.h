/// Recurrent layers on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

std::span<const Tactic* const> recurrent_tactics();

}  // namespace bolide::cpu
