/// Selections whose sizes only the data decide.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// Positions (i64, one column each, in row-major order) of the elements that are not zero: [rank, count].
/// Source: ONNX NonZero.
struct NonZero {
  static constexpr OpInfo kInfo{.name = "NonZero"};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Inputs data, condition (bool of rank 1, may be shorter than the axis): the slices along `axis` where it holds; of
/// the flattened data when `flatten`. Source: ONNX Compress.
struct Compress {
  static constexpr OpInfo kInfo{.name = "Compress", .min_inputs = 2, .max_inputs = 2};
  std::int64_t axis = 0;
  bool flatten = true;
  static constexpr auto kFields = std::tuple{field("axis", &Compress::axis), field("flatten", &Compress::flatten)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
