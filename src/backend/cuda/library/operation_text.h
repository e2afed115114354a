/// What NVIDIA's libraries are asked for, in words.
#pragma once

#include "backend/cuda/cuda_target.h"

namespace bolide::cuda {

/// "cuDNN convolution + bias + residual, relu": for a tactic of a library that accepts the problem.
std::string library_operation(const Tactic& tactic, const Problem& problem, const CudaTarget& target);

}  // namespace bolide::cuda
