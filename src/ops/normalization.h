/// Normalization with statistics per channel, per plane, or per group of channels.
///
/// Inputs   x : [n, c, ...], any float; scale and bias (and mean, var) : [c], any float
/// Outputs  y : shape and dtype of x
/// Numerics in double, rounded once; variance is the mean of squared distances from the mean
/// Errors   InvalidArgument for sizes that do not fit; Unsupported for other dtypes
/// Source   ONNX BatchNormalization-15 (inference), InstanceNormalization-22, GroupNormalization-21
#pragma once

#include "ops/op.h"

namespace bolide {

/// y = (x - mean) / sqrt(var + epsilon) * scale + bias; inputs x, scale, bias, mean, var. x of rank 1 has one channel.
struct BatchNormalization {
  float epsilon = 1e-5F;
  static constexpr OpInfo kInfo{.name = "BatchNormalization", .min_inputs = 5, .max_inputs = 5};
  static constexpr auto kFields = std::tuple{field("epsilon", &BatchNormalization::epsilon)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Mean and variance over the spatial dims of each plane; inputs x, scale, bias.
struct InstanceNormalization {
  float epsilon = 1e-5F;
  static constexpr OpInfo kInfo{.name = "InstanceNormalization", .min_inputs = 3, .max_inputs = 3};
  static constexpr auto kFields = std::tuple{field("epsilon", &InstanceNormalization::epsilon)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Mean and variance over each group of neighbouring channels and the spatial dims; inputs x, scale, bias.
struct GroupNormalization {
  std::int64_t groups = 1;
  float epsilon = 1e-5F;
  static constexpr OpInfo kInfo{.name = "GroupNormalization", .min_inputs = 3, .max_inputs = 3};
  static constexpr auto kFields =
      std::tuple{field("groups", &GroupNormalization::groups), field("epsilon", &GroupNormalization::epsilon)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
