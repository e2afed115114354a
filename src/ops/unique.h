#pragma once

#include "ops/movement.h"

namespace bolide {

/// The distinct elements of the flattened input, or its distinct slices along `axis` unless `flatten`.
///
/// Inputs   x : any dtype
/// Outputs  y : one of each, in ascending order (slices element by element), or of first occurrence unless `sorted`;
///          indices : i64, where each stands first in x; inverse : i64, for each of x its place in y; counts : i64
/// NaN equals NaN and comes last; -0 equals 0; complex numbers are ordered by their real, then imaginary parts; strings
/// by their bytes. Source   ONNX Unique-28, numpy.unique
struct Unique {
  std::int64_t axis = 0;
  bool flatten = true;
  bool sorted = true;

  static constexpr OpInfo kInfo{.name = "Unique", .outputs = 4};
  static constexpr auto kFields =
      std::tuple{field("axis", &Unique::axis), field("flatten", &Unique::flatten), field("sorted", &Unique::sorted)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
