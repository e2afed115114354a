#pragma once

#include "ops/op.h"

namespace bolide {

/// y = x, of any dtype and shape, sequences, optionals and maps too. Source: ONNX Identity.
struct Identity {
  static constexpr OpInfo kInfo{.name = "Identity", .view = true, .containers = true};
  static constexpr auto kFields = std::tuple{};

  std::optional<Expr> expression() const { return Expr(); }
  Result<TensorTypes> infer(const InferContext& context) const { return TensorTypes{context.type(0)}; }
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext&) const { return Tensors{*inputs[0]}; }
  std::optional<std::vector<Dim>> contents(const InferContext& context) const { return context.contents(0); }
};

}  // namespace bolide
