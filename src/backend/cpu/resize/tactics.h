/// Resize of images on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Best guess first.
std::span<const Tactic* const> resize_tactics();

}  // namespace bolide::cpu
