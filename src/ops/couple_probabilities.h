#pragma once

#include "ops/op.h"

namespace bolide {

/// Probabilities of classes from those of pairs.
///
/// Inputs   p : [n, classes (classes - 1) / 2], f32 or f64: that it is i and not j, for i < j, in the order (0, 1),
///          (0, 2), ...
/// Outputs  y : [n, classes] of p's dtype; rows add up to 1
/// The p are kept within 1e-7 of 0 and 1; then at most max(100, classes) rounds, which end when no error is above
/// 0.005 / classes.
/// Source   Wu, Lin, Weng 2004, second method; ONNX ai.onnx.ml SVMClassifier-1
struct CoupleProbabilities {
  std::int64_t classes = 2;

  static constexpr OpInfo kInfo{.name = "CoupleProbabilities"};
  static constexpr auto kFields = std::tuple{field("classes", &CoupleProbabilities::classes)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
