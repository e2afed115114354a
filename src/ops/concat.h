/// Joining and cutting along one axis.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// The inputs one after the other along `axis`; the other sizes agree. Source: ONNX Concat.
struct Concat {
  static constexpr OpInfo kInfo{.name = "Concat", .min_inputs = 1, .max_inputs = -1};
  std::int64_t axis = 0;
  static constexpr auto kFields = std::tuple{field("axis", &Concat::axis)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// Cuts `axis` into pieces of `sizes`; without sizes into as many as there are outputs, each ceil(size/outputs), the
/// last the rest. An optional second input (integers) is used instead of the attribute. Source: ONNX Split.
struct Split {
  static constexpr OpInfo kInfo{.name = "Split", .max_inputs = 2, .outputs = -1, .view = true};
  std::int64_t axis = 0;
  std::vector<std::int64_t> sizes;
  static constexpr auto kFields = std::tuple{field("axis", &Split::axis), field("sizes", &Split::sizes)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
