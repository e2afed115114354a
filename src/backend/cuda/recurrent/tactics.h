/// RNN, GRU and LSTM on CUDA.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

std::span<const Tactic* const> recurrent_tactics();

}  // namespace bolide::cuda
