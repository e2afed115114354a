#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs: data, starts, ends, [axes], [steps] (integers of rank 1). Of each axis the elements start, start+step, ...
/// before end; negative positions count from the end, positions outside are clamped. Named sizes are taken to be at
/// least 1, so that x[1:] of size h is h-1. Source: ONNX Slice-13.
struct Slice {
  static constexpr OpInfo kInfo{.name = "Slice", .min_inputs = 3, .max_inputs = 5, .view = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// What a slice of one axis of known size takes: `count` elements from `begin` in steps of `step`.
struct SliceRange {
  std::int64_t begin = 0;
  std::int64_t count = 0;
  std::int64_t step = 1;
};
/// Clamps as ONNX says; step is not 0.
SliceRange slice_range(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step);

}  // namespace bolide
