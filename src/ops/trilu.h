#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs x [..., rows, columns], [k] (an i64 scalar, 0 when left out): the elements on and above diagonal k (`upper`)
/// or on and below it, zero (or an empty string) elsewhere. Any dtype. Source: ONNX Trilu.
struct Trilu {
  static constexpr OpInfo kInfo{.name = "Trilu", .min_inputs = 1, .max_inputs = 2};
  bool upper = true;
  static constexpr auto kFields = std::tuple{field("upper", &Trilu::upper)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
