#pragma once

#include "ops/op.h"

namespace bolide {

/// y = softmax(q k^T * scale + mask) v, for each batch and head.
///
/// Inputs   q : [b, h, s, d]; k : [b, h, t, d]; v : [b, h, t, e]; mask : optional, added, broadcast to [b, h, s, t];
///          all of one float type
/// Outputs  y : [b, h, s, e]
/// `causal`: query i sees keys 0 .. i only. A query that sees nothing (all -inf) gives NaN.
/// Numerics in double, rounded once
/// Source   ONNX Attention-23 (without cache and grouped heads), Vaswani et al. 2017
struct Attention {
  float scale = 1;
  bool causal = false;

  static constexpr OpInfo kInfo{.name = "Attention", .min_inputs = 3, .max_inputs = 4};
  static constexpr auto kFields = std::tuple{field("scale", &Attention::scale), field("causal", &Attention::causal)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
