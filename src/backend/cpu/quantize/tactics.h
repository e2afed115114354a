#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cpu {

/// Of DynamicQuantizeLinear.
std::span<const Tactic* const> dynamic_quantize_tactics();

}  // namespace bolide::cpu
