#pragma once

#include "ops/op.h"

namespace bolide {

/// y[i] = values[j] for the last j with keys[j] equal to x[i], else the default.
///
/// Inputs   x : any shape, real numbers or strings; keys [n] of x's dtype; values [n] of any dtype; default : one
///          element of the dtype of values, optional
/// Outputs  y : x's shape, dtype of values
/// NaN equals NaN, 0 equals -0. Errors InvalidArgument for a value that is no key, where there is no default.
/// Source   ONNX ai.onnx.ml LabelEncoder-4
struct MapValues {
  static constexpr OpInfo kInfo{.name = "MapValues", .min_inputs = 3, .max_inputs = 4};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
