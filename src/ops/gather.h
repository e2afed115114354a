/// Picking elements by index. Indices are integers, counted from the end when negative; others are errors.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs data, indices: along `axis` the slices that the indices name, whose sizes take the place of the axis.
/// Source: ONNX Gather.
struct Gather {
  static constexpr OpInfo kInfo{.name = "Gather", .min_inputs = 2, .max_inputs = 2};
  std::int64_t axis = 0;
  static constexpr auto kFields = std::tuple{field("axis", &Gather::axis)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// out[i][j][k] = data[i][indices[i][j][k]][k] for axis 1. Source: ONNX GatherElements.
struct GatherElements {
  static constexpr OpInfo kInfo{.name = "GatherElements", .min_inputs = 2, .max_inputs = 2};
  std::int64_t axis = 0;
  static constexpr auto kFields = std::tuple{field("axis", &GatherElements::axis)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The last axis of indices holds positions in data beyond the batch_dims leading axes they share.
/// Source: ONNX GatherND.
struct GatherND {
  static constexpr OpInfo kInfo{.name = "GatherND", .min_inputs = 2, .max_inputs = 2};
  std::int64_t batch_dims = 0;
  static constexpr auto kFields = std::tuple{field("batch_dims", &GatherND::batch_dims)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
