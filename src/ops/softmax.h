/// Softmax, its logarithm, and the one-hot of the first largest, each along one axis.
///
/// Inputs   x : any shape of rank 1 or more, any float
/// Outputs  y : shape and dtype of x
/// Numerics in double with the maximum subtracted, rounded once
/// Source   ONNX Softmax-13, LogSoftmax-13, Hardmax-13
#pragma once

#include "ops/op.h"

namespace bolide {

struct Softmax {
  std::int64_t axis = -1;
  static constexpr OpInfo kInfo{.name = "Softmax"};
  static constexpr auto kFields = std::tuple{field("axis", &Softmax::axis)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

struct LogSoftmax {
  std::int64_t axis = -1;
  static constexpr OpInfo kInfo{.name = "LogSoftmax"};
  static constexpr auto kFields = std::tuple{field("axis", &LogSoftmax::axis)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

struct Hardmax {
  std::int64_t axis = -1;
  static constexpr OpInfo kInfo{.name = "Hardmax"};
  static constexpr auto kFields = std::tuple{field("axis", &Hardmax::axis)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
