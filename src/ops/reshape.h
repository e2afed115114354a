/// The same elements in the same order under other sizes.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs: data, sizes (integers). A size of 0 copies the input's (unless allowzero), one -1 takes what is left.
/// Source: ONNX Reshape.
struct Reshape {
  static constexpr OpInfo kInfo{.name = "Reshape", .min_inputs = 2, .max_inputs = 2, .view = true};
  bool allowzero = false;
  static constexpr auto kFields = std::tuple{field("allowzero", &Reshape::allowzero)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// Removes the axes, whose sizes are 1; all axes of size 1 when none is named. An optional second input (integers) is
/// used instead of the attribute. Source: ONNX Squeeze.
struct Squeeze {
  static constexpr OpInfo kInfo{.name = "Squeeze", .max_inputs = 2, .view = true};
  std::vector<std::int64_t> axes;
  static constexpr auto kFields = std::tuple{field("axes", &Squeeze::axes)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const { return context.contents(0); }
};

/// Inserts axes of size 1, counted in the result. An optional second input (integers) is used instead of the attribute.
/// Source: ONNX Unsqueeze.
struct Unsqueeze {
  static constexpr OpInfo kInfo{.name = "Unsqueeze", .max_inputs = 2, .view = true};
  std::vector<std::int64_t> axes;
  static constexpr auto kFields = std::tuple{field("axes", &Unsqueeze::axes)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

}  // namespace bolide
