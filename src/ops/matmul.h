/// Matrix product by numpy's rules, with the elementwise work that follows it.
///
///   acc[..., i, j] = bias[j] + sum over k of (a[..., i, k] - a_zero) * (b[..., k, j] - b_zero);  y = epilogue(acc,
///   ...)
///
/// Inputs   a : [batch..., m, k] or [k]; b : [batch..., k, n] or [k]; batch dims broadcast; bias : [n], optional;
///          epilogue inputs from index 3 on, which broadcast to y
/// Outputs  y : [batch..., m, n] of dtype `out`, without m or n where that operand is a vector
/// Numerics as of Conv; integers of 16 to 64 bits multiply and add modulo 2^64
/// Source   ONNX MatMul-13, MatMulInteger-10, numpy.matmul
#pragma once

#include "ops/op.h"

namespace bolide {

struct MatMul {
  std::int64_t a_zero = 0;
  std::int64_t b_zero = 0;
  Expr epilogue;
  DataType out = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "MatMul", .min_inputs = 2, .max_inputs = -1};
  static constexpr auto kFields = std::tuple{field("a_zero", &MatMul::a_zero), field("b_zero", &MatMul::b_zero),
                                             field("epilogue", &MatMul::epilogue), field("out", &MatMul::out)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
