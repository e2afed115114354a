/// Convolutions and matrix products as one thing: rows of the result are output pixels (or rows of a matrix), its
/// columns are channels of one group, and the sum runs over taps and channels.
#pragma once

#include "backend/problem.h"
#include "ops/expr.h"
#include "ops/window.h"

#include <array>

namespace bolide::cuda {

/// Strides in elements of an operand along the dims of the result. A row is (image, plane, line, pixel).
struct RowStrides {
  std::int64_t batch0 = 0;
  std::int64_t batch1 = 0;  ///< also groups
  std::int64_t image = 0;
  std::int64_t plane = 0;
  std::int64_t line = 0;
  std::int64_t pixel = 0;
  std::int64_t column = 0;
};

/// Formats as kernel text counts them: 0 f16, 1 bf16, 2 f32, 3 u8, 4 i8, 5 i32; nothing for other types.
std::optional<int> number_format(DataType type);
constexpr bool is_float_format(int format) { return format <= 2; }
constexpr std::int64_t format_bytes(int format) {
  return format == 2 || format == 5 ? 4 : is_float_format(format) ? 2 : 1;
}

/// An operand of the epilogue: the bias, or an input of the expression.
struct GemmExtra {
  int input = 0;  ///< of the problem
  int format = 0;
  RowStrides strides;
};

struct GemmProblem {
  static constexpr int kMostExtras = 4;

  int a_format = 0;
  int b_format = 0;
  int y_format = 0;
  std::int64_t batch0 = 1;
  std::int64_t batch1 = 1;
  std::int64_t images = 1;
  std::array<WindowAxis, 3> axes;  ///< plane, line, pixel
  bool transposed = false;         ///< an output pixel reads the inputs that reach it
  std::int64_t n = 1;              ///< columns of a group
  std::int64_t c = 1;              ///< channels of a group
  RowStrides a;                    ///< of the input: `column` is along channels
  std::int64_t b_batch0 = 0;
  std::int64_t b_batch1 = 0;
  std::int64_t b_n = 0;
  std::int64_t b_c = 0;
  std::int64_t b_tap = 0;
  const Tensor* b_constant = nullptr;  ///< contiguous; the strides above are then its own
  RowStrides y;
  std::vector<GemmExtra> extras;
  bool bias = false;        ///< is extras[0]
  std::int64_t a_zero = 0;  ///< zero points, of integers
  std::int64_t b_zero = 0;
  const Expr* epilogue = nullptr;

  std::int64_t m() const { return images * axes[0].out * axes[1].out * axes[2].out; }
  std::int64_t taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  std::int64_t kd() const { return c * taps(); }
  std::int64_t batches() const { return batch0 * batch1; }
  double operations() const {
    return 2.0 * static_cast<double>(m()) * static_cast<double>(n) * static_cast<double>(kd()) *
           static_cast<double>(batches());
  }
  /// Bytes that must move at least once.
  double bytes() const;
};

/// Of a Conv, MatMul or ConvTranspose. Errors: Unsupported with what no CUDA form takes: dtypes, more than three
/// spatial or batch dims, too many operands, sizes of 2^31 and more; operands that are not floats.
Result<GemmProblem> gemm_problem(const Problem& problem);
/// The same of operands of floats; the result and the epilogue's operands are of any format.
Result<GemmProblem> mixed_gemm_problem(const Problem& problem);
/// The same of operands of 8-bit integers; the result and the epilogue's operands are of any format.
Result<GemmProblem> integer_gemm_problem(const Problem& problem);

/// The distance between rows of an operand when it is the same for all (rows in the order image, line, pixel; planes
/// are of size 1).
std::optional<std::int64_t> row_distance(const GemmProblem& gemm, const RowStrides& strides);

/// Whether elements of an operand of rank 2 or more lie next to each other without gaps, in any order.
bool dense(const Operand& operand);

}  // namespace bolide::cuda
