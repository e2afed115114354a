/// Fused attention.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

std::span<const Tactic* const> attention_tactics();

}  // namespace bolide::cuda
