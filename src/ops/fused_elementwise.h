#pragma once

#include "ops/op.h"

namespace bolide {

/// Any expression over broadcast inputs, stored as `out`: what chains of elementwise operators become.
///
/// Inputs   as many as the expression has, of any real dtypes
/// Outputs  y : their broadcast shape
/// Numerics every number is loaded as f32 (f64 when an input or `out` is f64); integers are stored rounded to nearest
/// even and
///          saturated, bool as "is not zero"
struct Elementwise {
  Expr expr;
  DataType out = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "Elementwise", .max_inputs = -1};
  static constexpr auto kFields = std::tuple{field("expr", &Elementwise::expr), field("out", &Elementwise::out)};

  std::optional<Expr> expression() const { return is_float(out) ? std::optional<Expr>(expr) : std::nullopt; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
