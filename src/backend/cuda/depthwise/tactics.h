/// Convolution of each channel by itself, channels-last.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

std::span<const Tactic* const> depthwise_tactics();
std::span<const Tactic* const> depthwise_band_tactics();

}  // namespace bolide::cuda
