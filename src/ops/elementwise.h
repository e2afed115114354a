/// The base of operators that are one Expr over broadcast inputs: they write `expression()` and nothing else.
///
///     struct Relu : ElementwiseOp<Relu> {
///       static constexpr OpInfo kInfo{.name = "Relu"};
///       std::optional<Expr> expression() const { ... }
///     };
///     struct Exp : FnOp<Exp, Fn::kExp> { static constexpr OpInfo kInfo{.name = "Exp"}; };
#pragma once

#include "ops/op.h"

namespace bolide {

enum class ElementwiseResult : std::uint8_t { kSame, kBool };

/// Inputs must have one dtype (bool inputs of operators that have others aside, as the condition of Where has); the
/// result has that dtype or bool.
Result<TensorTypes> infer_elementwise(const OpInfo& info, const InferContext& context, ElementwiseResult result);
Result<Tensors> evaluate_elementwise(const OpInfo& info, const Expr& expr, TensorInputs inputs, EvalContext& context,
                                     ElementwiseResult result);
/// The expression over size contents, for shape arithmetic: add, sub, mul, div, min, max, neg over sizes of equal count
/// or one. Nothing when some input is unknown or a function has no meaning on sizes.
std::optional<std::vector<Dim>> elementwise_contents(const Expr& expr, const InferContext& context);

template <class Derived, ElementwiseResult kKind = ElementwiseResult::kSame>
struct ElementwiseOp {
  static constexpr auto kFields = std::tuple{};
  Result<TensorTypes> infer(const InferContext& context) const {
    return infer_elementwise(Derived::kInfo, context, kKind);
  }
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const {
    return evaluate_elementwise(Derived::kInfo, *self().expression(), inputs, context, kKind);
  }
  std::optional<std::vector<Dim>> contents(const InferContext& context) const {
    return elementwise_contents(*self().expression(), context);
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

/// An elementwise operator that is exactly one Fn of its inputs.
template <class Derived, Fn kFn, ElementwiseResult kKind = ElementwiseResult::kSame>
struct FnOp : ElementwiseOp<Derived, kKind> {
  std::optional<Expr> expression() const { return Expr::of(kFn); }
};

}  // namespace bolide
