/// The inner loop of a convolution whose channels do not mix, over channels-last data.
#pragma once

#include <cstdint>

namespace bolide {

/// One output row: out[p][c] = clamp(bias[c] + sum over ky, kx of x[ky][p * stride - before + kx * dilation][c] *
/// w[ky][kx][c] + residual[p][c]), taps outside the input's columns left out. Strides are in floats.
struct DepthwiseRow {
  const float* x = nullptr;  ///< the first kernel row that lies inside the image, input column 0
  std::int64_t x_row = 0;    ///< between the input rows of successive kernel rows
  std::int64_t x_column = 0;
  const float* w = nullptr;  ///< the weights of that kernel row, [rows][kernel_width][tap]
  std::int64_t w_tap = 0;
  std::int64_t kernel_rows = 0;  ///< kernel rows inside the image; may be 0
  std::int64_t kernel_width = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t in_width = 0;
  std::int64_t out_width = 0;
  const float* bias = nullptr;      ///< per channel, or null
  const float* residual = nullptr;  ///< or null
  std::int64_t residual_column = 0;
  bool clamps = false;
  float low = 0;
  float high = 0;
  float* out = nullptr;
  std::int64_t out_column = 0;
  std::int64_t channels = 0;
};

/// A run of one output row from rows that lie in memory with their padding: out[i] = clamp(bias + sum over t of
/// w[t] * x[offset[t] + i]) for i in [0, n). Whole vectors of x are read.
struct DepthwiseRun {
  const float* x = nullptr;
  const std::int64_t* offset = nullptr;
  const float* w = nullptr;
  std::int64_t taps = 0;
  float bias = 0;
  bool clamps = false;
  float low = 0;
  float high = 0;
  float* out = nullptr;
  std::int64_t n = 0;
};

struct DepthwiseKernels {
  /// Every sum runs over the kernel rows and in them over the columns in order, whatever the position.
  void (*row)(const DepthwiseRow& row);
  /// The taps in order.
  void (*run)(const DepthwiseRun& run);
};

}  // namespace bolide
