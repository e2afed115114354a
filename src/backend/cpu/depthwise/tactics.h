/// Convolution whose output channels each read one input channel, on the CPU.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Best guess first.
std::span<const Tactic* const> depthwise_tactics();

}  // namespace bolide::cpu
