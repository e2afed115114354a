#pragma once

#include "ops/op.h"

namespace bolide {

/// Determinants of x [batch..., n, n] of any float dtype: [batch...]; 1 for matrices of no elements. Elimination with
/// row exchange in double, rounded once. Source: ONNX Det-22.
struct Det {
  static constexpr OpInfo kInfo{.name = "Det"};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
