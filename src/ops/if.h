#pragma once

#include "ops/op.h"

namespace bolide {

/// Runs one of two subgraphs: 0 when the condition holds, else 1.
///
/// Inputs   cond : bool, one element; then the captured values, which are the inputs of both subgraphs
/// Outputs  those of the subgraph that ran. When the condition is not known beforehand, both must have equal dtypes and
///          ranks; a size that differs between them is only known from the data.
/// Errors   Unsupported for branches of different dtypes or ranks
/// Source   ONNX If-25
struct If {
  static constexpr OpInfo kInfo{.name = "If", .max_inputs = -1, .outputs = -1, .pure = false, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
