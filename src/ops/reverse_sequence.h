#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs x, lengths (integers, one for each batch): the first lengths[b] elements of the time axis of batch b in
/// reverse order, the rest as they are. Source: ONNX ReverseSequence.
struct ReverseSequence {
  static constexpr OpInfo kInfo{.name = "ReverseSequence", .min_inputs = 2, .max_inputs = 2};
  std::int64_t batch_axis = 1;
  std::int64_t time_axis = 0;
  static constexpr auto kFields =
      std::tuple{field("batch_axis", &ReverseSequence::batch_axis), field("time_axis", &ReverseSequence::time_axis)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
