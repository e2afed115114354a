/// The fast forms of plugins' operators.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

std::span<const Tactic* const> plugin_tactics();

}  // namespace bolide::cpu
