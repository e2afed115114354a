/// Normalization of the trailing dims, from `axis` on.
///
/// Inputs   x : rank 1 or more, any float; scale, bias : any float, broadcast to the dims from `axis` on or to x
/// Outputs  y : shape and dtype of x; LayerNormalization also mean and 1 / sqrt(var + epsilon), f32 (f64 for f64), with
///          the normalized dims as 1
/// Numerics in double, rounded once
/// Source   ONNX LayerNormalization-17, RMSNormalization-23
#pragma once

#include "ops/op.h"

namespace bolide {

/// y = (x - mean) / sqrt(var + epsilon) * scale + bias; bias optional.
struct LayerNormalization {
  std::int64_t axis = -1;
  float epsilon = 1e-5F;
  static constexpr OpInfo kInfo{.name = "LayerNormalization", .min_inputs = 2, .max_inputs = 3, .outputs = 3};
  static constexpr auto kFields =
      std::tuple{field("axis", &LayerNormalization::axis), field("epsilon", &LayerNormalization::epsilon)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// y = x / sqrt(mean of x^2 + epsilon) * scale.
struct RMSNormalization {
  std::int64_t axis = -1;
  float epsilon = 1e-5F;
  static constexpr OpInfo kInfo{.name = "RMSNormalization", .min_inputs = 2, .max_inputs = 2};
  static constexpr auto kFields =
      std::tuple{field("axis", &RMSNormalization::axis), field("epsilon", &RMSNormalization::epsilon)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
