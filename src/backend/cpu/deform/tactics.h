#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cpu {

/// Of DeformConv.
std::span<const Tactic* const> deform_tactics();

}  // namespace bolide::cpu
