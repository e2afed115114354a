/// The transposed-convolution tactics of the CPU.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cpu {

/// Best guess first.
std::span<const Tactic* const> deconv_tactics();

const Tactic& depthwise_deconv();

}  // namespace bolide::cpu
