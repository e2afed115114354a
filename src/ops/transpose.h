#pragma once

#include "ops/movement.h"

namespace bolide {

/// Axis i of the result is axis perm[i] of the input; without perm the axes are reversed. Source: ONNX Transpose.
struct Transpose {
  static constexpr OpInfo kInfo{.name = "Transpose", .view = true};
  std::vector<std::int64_t> perm;
  static constexpr auto kFields = std::tuple{field("perm", &Transpose::perm)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  /// perm in [0, rank) for an input of that rank. Errors: InvalidArgument when it is no permutation.
  Result<std::vector<std::size_t>> order(int rank) const;
};

}  // namespace bolide
