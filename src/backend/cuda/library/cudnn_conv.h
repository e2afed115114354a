/// A convolution with its epilogue as cuDNN is asked for it; a product is one of rows of pixels with kernels of 1x1.
#pragma once

#include "backend/cuda/library/cudnn_api.h"
#include "backend/cuda/library/epilogue_form.h"

namespace bolide::cuda {

/// Images channels-last without gaps, two spatial dims: sizes as [n, c, h, w].
struct CudnnConv {
  using Sizes = std::array<std::int64_t, 4>;
  static constexpr std::int64_t kAlignment = 16;  ///< of all addresses, in bytes
  static Sizes strides_of(const Sizes& sizes);

  CudnnType type = CudnnType::kHalf;  ///< of x and w
  CudnnType y_type = CudnnType::kHalf;
  CudnnType bias_type = CudnnType::kHalf;
  CudnnType residual_type = CudnnType::kHalf;
  Sizes x = {};
  Sizes w = {};
  Sizes y = {};
  std::array<std::int64_t, 2> strides = {};
  std::array<std::int64_t, 2> dilations = {};
  std::array<std::int64_t, 2> before = {};
  std::array<std::int64_t, 2> after = {};
  EpilogueForm form;
  int bias_input = -1;      ///< of the problem; -1: none
  int residual_input = -1;  ///< likewise
};

/// Errors: Unsupported with what cuDNN is not asked for.
Result<CudnnConv> cudnn_conv(const Problem& problem, const CudaTarget& target);

}  // namespace bolide::cuda
