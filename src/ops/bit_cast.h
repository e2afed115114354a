#pragma once

#include "ops/op.h"

namespace bolide {

/// The elements' bits read as another dtype of the same width. Any dtype but string. Source: ONNX BitCast-26.
struct BitCast {
  DataType to = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "BitCast"};
  static constexpr auto kFields = std::tuple{field("to", &BitCast::to)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
