#pragma once

#include "ops/movement.h"

namespace bolide {

/// constant: a value; reflect: mirrored without the border; edge: the border repeated; wrap: periodic.
enum class PadMode : std::uint8_t { kConstant, kReflect, kEdge, kWrap };
constexpr std::array<std::string_view, 4> enum_names(PadMode) { return {"constant", "reflect", "edge", "wrap"}; }

/// Inputs: data, pads (begins of all axes, then ends; negative ones crop), [value], [axes]. Source: ONNX Pad.
struct Pad {
  static constexpr OpInfo kInfo{.name = "Pad", .min_inputs = 2, .max_inputs = 4};
  PadMode mode = PadMode::kConstant;
  static constexpr auto kFields = std::tuple{field("mode", &Pad::mode)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
