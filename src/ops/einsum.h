#pragma once

#include "ops/op.h"

namespace bolide {

/// Sums of products by an equation of letters for axes: "ij,jk->ik".
///
/// Inputs   any number, of one real dtype; equal letters have equal sizes, or 1, which broadcasts
/// Outputs  y : the sum over all axes that are not on the right of the product of the inputs' elements
/// A letter that stands twice in a term takes the diagonal; "..." stands for the remaining axes, which broadcast.
/// Numerics floats in double, rounded once; integers modulo 2^64, then narrowed
/// Source   ONNX Einsum-28, numpy.einsum
struct Einsum {
  std::string equation;

  static constexpr OpInfo kInfo{.name = "Einsum", .max_inputs = -1};
  static constexpr auto kFields = std::tuple{field("equation", &Einsum::equation)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
