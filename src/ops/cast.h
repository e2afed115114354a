#pragma once

#include "ops/movement.h"
#include "tensor/number.h"

namespace bolide {

constexpr std::array<std::string_view, 3> enum_names(ScaleRounding) { return {"up", "down", "nearest"}; }

/// The elements as dtype `to`, by the rules of bolide::cast. Source: ONNX Cast-25.
struct Cast {
  static constexpr OpInfo kInfo{.name = "Cast"};
  DataType to = DataType::kF32;
  bool saturate = true;  ///< of the 8-bit floats
  ScaleRounding round_mode = ScaleRounding::kUp;
  static constexpr auto kFields =
      std::tuple{field("to", &Cast::to), field("saturate", &Cast::saturate), field("round_mode", &Cast::round_mode)};

  Result<TensorTypes> infer(const InferContext& context) const { return TensorTypes{{to, context.shape(0)}}; }
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const {
    TRY_OK(context.check(to, inputs[0]->dims()).within("Cast"));
    TRY(Tensor out, cast(*inputs[0], to, {saturate, round_mode}).within("Cast"));
    return Tensors{std::move(out)};
  }
  std::optional<std::vector<Dim>> contents(const InferContext& context) const {
    return to == DataType::kI64 || to == DataType::kI32 ? context.contents(0) : std::nullopt;
  }
};

}  // namespace bolide
