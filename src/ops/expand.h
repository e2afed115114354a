/// Repetition of a tensor.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs data, sizes: data broadcast with a tensor of those sizes (both ways). Source: ONNX Expand.
struct Expand {
  static constexpr OpInfo kInfo{.name = "Expand", .min_inputs = 2, .max_inputs = 2, .view = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// Inputs data, repeats (one number for each axis): data laid side by side. Source: ONNX Tile.
struct Tile {
  static constexpr OpInfo kInfo{.name = "Tile", .min_inputs = 2, .max_inputs = 2};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
