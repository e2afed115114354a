/// Writing elements to places named by index. Where places repeat, later updates come after earlier ones.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// What an update does to the element that is there.
enum class ScatterReduction : std::uint8_t { kReplace, kAdd, kMul, kMin, kMax };
constexpr std::array<std::string_view, 5> enum_names(ScatterReduction) { return {"none", "add", "mul", "min", "max"}; }

/// Inputs data, indices, updates: out = data; out[i][indices[i][j]] (axis 1) = updates[i][j].
/// Source: ONNX ScatterElements.
struct ScatterElements {
  static constexpr OpInfo kInfo{.name = "ScatterElements", .min_inputs = 3, .max_inputs = 3};
  std::int64_t axis = 0;
  ScatterReduction reduction = ScatterReduction::kReplace;
  static constexpr auto kFields =
      std::tuple{field("axis", &ScatterElements::axis), field("reduction", &ScatterElements::reduction)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Inputs data, indices, updates: the last axis of indices holds positions in data whose slices are updated.
/// Source: ONNX ScatterND.
struct ScatterND {
  static constexpr OpInfo kInfo{.name = "ScatterND", .min_inputs = 3, .max_inputs = 3};
  ScatterReduction reduction = ScatterReduction::kReplace;
  static constexpr auto kFields = std::tuple{field("reduction", &ScatterND::reduction)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
