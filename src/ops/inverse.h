#pragma once

#include "ops/op.h"

namespace bolide {

/// y = x^-1 of each matrix.
///
/// Inputs   x : [batch..., n, n], any float
/// Outputs  y : dtype and sizes of x; a matrix that has no inverse gives infinities and NaN
/// Numerics Gauss-Jordan elimination with row exchange in double, rounded once
/// Source   Inverse of com.microsoft
struct Inverse {
  static constexpr OpInfo kInfo{.name = "Inverse"};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
