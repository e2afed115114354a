/// Sizes as values: where shape arithmetic begins.
#pragma once

#include "ops/movement.h"

#include <limits>

namespace bolide {

/// The sizes [start, end) of the input, i64 of rank 1. `Shape` in texts. Source: ONNX Shape-15.
struct ShapeOf {
  static constexpr OpInfo kInfo{.name = "Shape"};
  std::int64_t start = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  static constexpr auto kFields = std::tuple{field("start", &ShapeOf::start), field("end", &ShapeOf::end)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// The number of elements, an i64 scalar. Source: ONNX Size.
struct Size {
  static constexpr OpInfo kInfo{.name = "Size"};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext&) const { return TensorTypes{{DataType::kI64, {}}}; }
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext&) const {
    return Tensors{Tensor::scalar<std::int64_t>(inputs[0]->count())};
  }
  std::optional<std::vector<Dim>> contents(const InferContext& context) const {
    return std::vector<Dim>{element_count(context.shape(0))};
  }
};

}  // namespace bolide
