/// Sums of products in double, the reference behind Conv, ConvTranspose, MatMul and Attention, and how they end.
///
/// Products of integers of up to 8 bits are exact here, as every sum stays below 2^53.
#pragma once

#include "ops/reference.h"
#include "ops/window.h"

namespace bolide {

/// out[r * out_stride + j] = sum over k of rows[r * row_stride + k] * tile[k * width + j], k ascending, for j <
/// columns. `width` is a multiple of 4 and at least `columns`.
void multiply_tile(const double* rows, std::int64_t row_stride, std::int64_t row_count, const double* tile,
                   std::int64_t width, std::int64_t columns, std::int64_t depth, double* out, std::int64_t out_stride);

/// A convolution of f64 numbers: x [batch, groups * group_in, in...] with w [groups * group_out, group_in, kernel...].
struct WindowContraction {
  std::int64_t batch = 1;
  std::int64_t groups = 1;
  std::int64_t group_in = 1;
  std::int64_t group_out = 1;
  std::vector<WindowAxis> axes;
  /// An output position p reads input (p + before - k * dilation) / stride where that is whole, instead of
  /// p * stride - before + k * dilation.
  bool transposed = false;
};
/// Fills out [batch, groups * group_out, out...]; `bias` holds groups * group_out numbers or is null. Threaded.
void contract_windows(const WindowContraction& problem, const double* x, const double* w, const double* bias,
                      double* out);

/// out[m, n] = a[m, k] * b[k, n], all dense, row-major. Threaded by columns and rows.
void contract_matrices(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double* out);

/// The dtype rule of contractions: two equal floats, or two integers of 8 bits.
Status check_contraction_types(const OpInfo& info, const InferContext& context);
/// Epilogue inputs stand from index 3 on and broadcast to the result. Errors: InvalidArgument.
Status check_epilogue(const OpInfo& info, const Expr& epilogue, const InferContext& context, const Shape& result);
/// f64 accumulators (exact integers when x is one) through the epilogue to `out`; see Conv.
Result<Tensor> finish_contraction(const Tensor& accumulators, const Expr& epilogue, TensorInputs inputs, DataType out);

/// The numbers of `tensor` less `zero`, as f64.
Result<Tensor> shifted_f64(const Tensor& tensor, std::int64_t zero);

}  // namespace bolide
