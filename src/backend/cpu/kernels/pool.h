/// The inner loops of pooling: one row of output pixels, or rows of one plane.
#pragma once

#include <cstdint>

namespace bolide {

/// out[p][c] = max or average over the taps inside the input of x[kd][ky][p * stride - before + kx * dilation][c].
/// Strides are in elements.
struct PoolRow {
  const void* x = nullptr;  ///< the first kernel plane and row inside the image, input column 0
  std::int64_t x_plane = 0;
  std::int64_t x_row = 0;
  std::int64_t x_column = 0;
  std::int64_t x_channel = 1;
  std::int64_t planes = 0;  ///< kernel planes and rows inside the image; either may be 0
  std::int64_t rows = 0;
  std::int64_t kernel_width = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::int64_t in_width = 0;
  std::int64_t out_width = 0;
  void* out = nullptr;
  std::int64_t out_column = 0;
  std::int64_t out_channel = 1;
  std::int64_t channels = 0;
  /// Averages divide by this times the kernel columns inside the padded input (`counts_padding`), or inside the input.
  std::int64_t divisor = 1;
  bool counts_padding = false;
  const float* taps = nullptr;  ///< of the forms by planes: by output column, the kernel columns that averages count
};

/// Rows [first, first + rows) of the result of one plane, by windows that step by 1; rows are contiguous.
struct PoolPatch {
  const float* x = nullptr;  ///< the plane's first element
  std::int64_t x_row = 0;
  std::int64_t in_height = 0;
  std::int64_t in_width = 0;
  std::int64_t kernel_height = 1;
  std::int64_t kernel_width = 1;
  std::int64_t dilation_height = 1;
  std::int64_t dilation_width = 1;
  std::int64_t above = 0;   ///< padding
  std::int64_t before = 0;  ///< likewise, less than the pitch
  float* out = nullptr;     ///< row 0
  std::int64_t out_row = 0;
  std::int64_t out_width = 0;
  std::int64_t first = 0;
  std::int64_t rows = 0;
  std::int64_t pitch = 0;           ///< the columns that the windows of a row reach over
  float* padded = nullptr;          ///< memory: pitch * the rows that the windows reach over + kSlack
  const float* row_taps = nullptr;  ///< of averages: what they count, by row and by column; else null
  const float* column_taps = nullptr;

  static constexpr std::int64_t kSlack = 48;
};

struct PoolKernels {
  using Row = void (*)(const PoolRow& row);
  /// Contiguous channels.
  Row max_f32;
  Row max_u8;
  Row max_i8;
  Row average_f32;
  /// Any strides; vectors along the width. The kernel's columns reach over kWidest input columns at most.
  static constexpr std::int64_t kWidest = 512;
  Row max_f32_planes;
  Row average_f32_planes;
  using Patch = void (*)(const PoolPatch& patch);
  Patch max_f32_patch;
  Patch average_f32_patch;
};

}  // namespace bolide
