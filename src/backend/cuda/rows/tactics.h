/// Work over rows on CUDA: statistics and reductions in FP32 (wider where the numbers are).
#pragma once

#include "backend/tactic.h"

namespace bolide::cuda {

std::span<const Tactic* const> softmax_tactics();        ///< Softmax, LogSoftmax
std::span<const Tactic* const> normalization_tactics();  ///< LayerNormalization, RMSNormalization, Instance-, Group-
std::span<const Tactic* const> reduce_tactics();         ///< Reduce, ArgMax, ArgMin

}  // namespace bolide::cuda
