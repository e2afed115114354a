#pragma once

#include "ops/op.h"

namespace bolide {

/// y = x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta.
///
/// The channels c - floor((size - 1) / 2) to c + ceil((size - 1) / 2) that exist count.
/// Inputs   x : [n, c, ...], any float
/// Outputs  y : shape and dtype of x
/// Numerics in double, rounded once
/// Source   ONNX LRN-13
struct LRN {
  std::int64_t size = 1;
  float alpha = 1e-4F;
  float beta = 0.75F;
  float bias = 1;

  static constexpr OpInfo kInfo{.name = "LRN"};
  static constexpr auto kFields = std::tuple{field("size", &LRN::size), field("alpha", &LRN::alpha),
                                             field("beta", &LRN::beta), field("bias", &LRN::bias)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// y = x / (p-norm of x along the axis); 0 where the norm is 0. p is 1 or 2.
///
/// Inputs   x : any float; Outputs  y : shape and dtype of x; Numerics in double, rounded once
/// Source   ONNX LpNormalization-22
struct LpNormalization {
  std::int64_t axis = -1;
  std::int64_t p = 2;

  static constexpr OpInfo kInfo{.name = "LpNormalization"};
  static constexpr auto kFields = std::tuple{field("axis", &LpNormalization::axis), field("p", &LpNormalization::p)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
