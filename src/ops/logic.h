/// Comparisons, logic and selection.
#pragma once

#include "ops/arithmetic.h"

#include <limits>

namespace bolide {

/// a < b, as bool. Source: ONNX Less.
struct Less : FnOp<Less, Fn::kLess, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("Less");
};
/// a <= b, as bool. Source: ONNX LessOrEqual.
struct LessOrEqual : FnOp<LessOrEqual, Fn::kLessEqual, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("LessOrEqual");
};
/// a > b, as bool. Source: ONNX Greater.
struct Greater : FnOp<Greater, Fn::kGreater, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("Greater");
};
/// a >= b, as bool. Source: ONNX GreaterOrEqual.
struct GreaterOrEqual : FnOp<GreaterOrEqual, Fn::kGreaterEqual, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("GreaterOrEqual");
};
/// a == b, as bool; of numbers, bool and strings. Source: ONNX Equal.
struct Equal : FnOp<Equal, Fn::kEqual, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("Equal");
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};
/// Of bool. Source: ONNX And.
struct And : FnOp<And, Fn::kAnd, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("And");
};
/// Of bool. Source: ONNX Or.
struct Or : FnOp<Or, Fn::kOr, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("Or");
};
/// Of bool. Source: ONNX Xor.
struct Xor : FnOp<Xor, Fn::kXor, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo = binary_info("Xor");
};
/// Of bool. Source: ONNX Not.
struct Not : FnOp<Not, Fn::kNot, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo{.name = "Not"};
};
/// Whether x is no number. Source: ONNX IsNaN.
struct IsNaN : FnOp<IsNaN, Fn::kIsNan, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo{.name = "IsNaN"};
};

/// Whether x is infinite with a sign that is asked for. Source: ONNX IsInf.
struct IsInf : ElementwiseOp<IsInf, ElementwiseResult::kBool> {
  static constexpr OpInfo kInfo{.name = "IsInf"};
  bool detect_negative = true;
  bool detect_positive = true;
  static constexpr auto kFields =
      std::tuple{field("detect_negative", &IsInf::detect_negative), field("detect_positive", &IsInf::detect_positive)};
  std::optional<Expr> expression() const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (detect_negative && detect_positive) return Expr::of(Fn::kIsInf);
    Expr e;
    if (!detect_negative && !detect_positive) {
      e.push(Fn::kLess, Expr::in(0), Expr::in(0));  // never
    } else {
      e.push(Fn::kEqual, Expr::in(0), Expr::number(detect_positive ? kInfinity : -kInfinity));
    }
    return e;
  }
};

/// condition ? x : y, with inputs condition (bool), x, y of one dtype (any), which the result has. Source: ONNX Where.
struct Where : FnOp<Where, Fn::kSelect> {
  static constexpr OpInfo kInfo{.name = "Where", .min_inputs = 3, .max_inputs = 3};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
