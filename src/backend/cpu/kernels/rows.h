/// Reductions, softmax and normalisation over contiguous rows of floats, and over the rows of a matrix by columns.
///
/// Sums run in blocks: f32 lanes inside a block of a fixed size, blocks added in double (rows) or in a second f32
/// (columns). The order depends on the sizes and the ISA only. Outputs may be equal to their inputs.
#pragma once

#include <cstdint>

namespace bolide {

enum class RowReduction : std::uint8_t { kSum, kSumSquare, kSumAbs, kSumExp, kMax, kMin, kProduct };

/// out[i] = (x[i] - mean) / sqrt(variance + epsilon) * scale[i] + bias[i], the population variance. With `rms` the mean
/// stays in and the mean square takes the place of the variance.
struct NormalizeRow {
  const float* x = nullptr;
  float* out = nullptr;
  std::int64_t n = 0;
  const float* scale = nullptr;  ///< n floats, or null
  const float* bias = nullptr;   ///< likewise
  float epsilon = 0;
  bool rms = false;
  float mean = 0;  ///< results
  float inverse_deviation = 0;
};

struct RowKernels {
  /// exp(x[i] - m) / sum of exp(x - m), or with `log` x[i] - m - log(sum), where m is the largest.
  void (*softmax)(const float* x, float* out, std::int64_t n, bool log);
  /// The same down each of m columns; strides between rows.
  void (*softmax_columns)(const float* x, std::int64_t x_stride, float* out, std::int64_t out_stride, std::int64_t n,
                          std::int64_t m, bool log);
  void (*normalize)(NormalizeRow& row);
  /// Over x[i] - shift, which kSumExp takes where it is not above 0. n >= 1. NaN wins in kMax and kMin.
  double (*reduce)(RowReduction kind, const float* x, std::int64_t n, float shift);
  /// acc[j] = combine(acc[j], reduction over i < n of x[i * stride + j] - shift[j]) for j < m; `shift` may be null.
  void (*reduce_columns)(RowReduction kind, const float* x, std::int64_t n, std::int64_t stride, std::int64_t m,
                         const float* shift, float* acc);
  /// out[i][j] = x[i][j] * a[j] + b[j]
  void (*affine_columns)(const float* x, std::int64_t x_stride, float* out, std::int64_t out_stride, std::int64_t n,
                         std::int64_t m, const float* a, const float* b);
  /// out[i] = x[i] * a + b
  void (*affine)(const float* x, float* out, std::int64_t n, float a, float b);
  /// out[i] = sum over t < count of weights[t] * x[t][i], in the order of t; out is none of x.
  void (*weighted_sum)(const float* const* x, const float* weights, std::int64_t count, float* out, std::int64_t n);
};

}  // namespace bolide
