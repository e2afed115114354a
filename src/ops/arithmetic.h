/// Arithmetic of two broadcast inputs of one dtype: floats and integers (which wrap), bits of integers.
#pragma once

#include "ops/elementwise.h"

namespace bolide {

inline constexpr OpInfo binary_info(std::string_view name) { return {.name = name, .min_inputs = 2, .max_inputs = 2}; }

/// a + b. Source: ONNX Add.
struct Add : FnOp<Add, Fn::kAdd> {
  static constexpr OpInfo kInfo = binary_info("Add");
};
/// a - b. Source: ONNX Sub.
struct Sub : FnOp<Sub, Fn::kSub> {
  static constexpr OpInfo kInfo = binary_info("Sub");
};
/// a * b. Source: ONNX Mul.
struct Mul : FnOp<Mul, Fn::kMul> {
  static constexpr OpInfo kInfo = binary_info("Mul");
};
/// a / b; integers truncate, and x/0 is 0 (ONNX leaves it open). Source: ONNX Div.
struct Div : FnOp<Div, Fn::kDiv> {
  static constexpr OpInfo kInfo = binary_info("Div");
};
/// The smaller; NaN when either is. Source: ONNX Min of two.
struct Min : FnOp<Min, Fn::kMin> {
  static constexpr OpInfo kInfo = binary_info("Min");
};
/// The larger; NaN when either is. Source: ONNX Max of two.
struct Max : FnOp<Max, Fn::kMax> {
  static constexpr OpInfo kInfo = binary_info("Max");
};

/// a^b with the dtype of a; b may have another one (then computed in f64 and converted as Cast does). Source: ONNX Pow.
struct Pow : ElementwiseOp<Pow> {
  static constexpr OpInfo kInfo = binary_info("Pow");
  std::optional<Expr> expression() const { return Expr::of(Fn::kPow); }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The remainder, with the sign of b, or of a when fmod. Modulo 0 of integers is 0. Source: ONNX Mod.
struct Mod : ElementwiseOp<Mod> {
  static constexpr OpInfo kInfo = binary_info("Mod");
  bool fmod = false;
  static constexpr auto kFields = std::tuple{field("fmod", &Mod::fmod)};
  std::optional<Expr> expression() const { return Expr::of(fmod ? Fn::kFmod : Fn::kMod); }
};

/// Of the bits of integers. Source: ONNX BitwiseAnd.
struct BitwiseAnd : FnOp<BitwiseAnd, Fn::kBitAnd> {
  static constexpr OpInfo kInfo = binary_info("BitwiseAnd");
};
/// Of the bits of integers. Source: ONNX BitwiseOr.
struct BitwiseOr : FnOp<BitwiseOr, Fn::kBitOr> {
  static constexpr OpInfo kInfo = binary_info("BitwiseOr");
};
/// Of the bits of integers. Source: ONNX BitwiseXor.
struct BitwiseXor : FnOp<BitwiseXor, Fn::kBitXor> {
  static constexpr OpInfo kInfo = binary_info("BitwiseXor");
};
/// Every bit of an integer flipped. Source: ONNX BitwiseNot.
struct BitwiseNot : FnOp<BitwiseNot, Fn::kBitNot> {
  static constexpr OpInfo kInfo{.name = "BitwiseNot"};
};

enum class ShiftDirection : std::uint8_t { kLeft, kRight };
constexpr std::array<std::string_view, 2> enum_names(ShiftDirection) { return {"left", "right"}; }

/// a shifted by b bits; 0 from the width on. Unsigned integers. Source: ONNX BitShift.
struct BitShift : ElementwiseOp<BitShift> {
  static constexpr OpInfo kInfo = binary_info("BitShift");
  ShiftDirection direction = ShiftDirection::kLeft;
  static constexpr auto kFields = std::tuple{field("direction", &BitShift::direction)};
  std::optional<Expr> expression() const {
    return Expr::of(direction == ShiftDirection::kLeft ? Fn::kShiftLeft : Fn::kShiftRight);
  }
};

}  // namespace bolide
