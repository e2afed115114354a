/// 8-bit codes: (code - zero) * scale, its inverse, and functions of one code as a table.
#pragma once

#include <cstdint>

namespace bolide {

/// to = (a - a_zero) * a_scale plus or times (b - b_zero) * b_scale, divided by `scale`, rounded, plus `zero`.
struct CodePair {
  const std::uint8_t* a = nullptr;
  const std::uint8_t* b = nullptr;
  std::uint8_t* to = nullptr;  ///< may be a or b
  std::int64_t n = 0;
  float a_zero = 0;
  float a_scale = 1;
  float b_zero = 0;
  float b_scale = 1;
  float zero = 0;
  float scale = 1;
  bool product = false;
  bool is_signed = false;  ///< all three are i8, else u8
};

struct CodeKernels {
  /// out[i] = (from[i] - zero) * scale, each operation rounded.
  using Dequantise = void (*)(const void* from, float zero, float scale, float* out, std::int64_t n);
  /// to[i] = x[i] / scale, rounded half to even, plus `zero` (a whole number), saturated. NaN gives 0.
  /// The quotient is the rounded one but where that of real numbers lies within 2^-23 of its last place of two floats'
  /// middle.
  using Quantise = void (*)(const float* x, float scale, float zero, void* to, std::int64_t n);

  Dequantise dequantise_u8;
  Dequantise dequantise_i8;
  Quantise quantise_u8;
  Quantise quantise_i8;
  /// Dequantise, add or multiply, and Quantise in one sweep, the same codes. False, and nothing done, where it has no
  /// form: on the baseline, for scales that are tiny, huge or far apart, and for zero points that are no codes.
  bool (*pair)(const CodePair& pair);
  /// to[i] = table[from[i]] of 256; they may be the same place.
  void (*look_up)(const std::uint8_t* table, const std::uint8_t* from, std::uint8_t* to, std::int64_t n);

  /// The sum of x[0, n).
  using Sum = std::int64_t (*)(const void* x, std::int64_t n);
  /// sums[j] += the sum of x[i * stride + j] over i in [0, n), for j in [0, m); n is at most 2^22.
  using ColumnSums = void (*)(const void* x, std::int64_t n, std::int64_t stride, std::int64_t m, std::int32_t* sums);
  Sum sum_u8;
  Sum sum_i8;
  ColumnSums column_sums_u8;
  ColumnSums column_sums_i8;
};

}  // namespace bolide
