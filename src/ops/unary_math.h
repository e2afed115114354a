/// Elementwise functions of one number. On floats of every width (computed in f32, f64 stays f64); on integers where
/// the comment says so. NaN passes through.
#pragma once

#include "ops/elementwise.h"

namespace bolide {

/// |x|; integers too. Source: ONNX Abs.
struct Abs : FnOp<Abs, Fn::kAbs> {
  static constexpr OpInfo kInfo{.name = "Abs"};
};
/// -x; integers too, wrapping. Source: ONNX Neg.
struct Neg : FnOp<Neg, Fn::kNeg> {
  static constexpr OpInfo kInfo{.name = "Neg"};
};
/// -1, 0 or 1; integers too. Source: ONNX Sign.
struct Sign : FnOp<Sign, Fn::kSign> {
  static constexpr OpInfo kInfo{.name = "Sign"};
};
/// e^x. Source: ONNX Exp.
struct Exp : FnOp<Exp, Fn::kExp> {
  static constexpr OpInfo kInfo{.name = "Exp"};
};
/// Natural logarithm. Source: ONNX Log.
struct Log : FnOp<Log, Fn::kLog> {
  static constexpr OpInfo kInfo{.name = "Log"};
};
/// Square root; NaN below 0. Source: ONNX Sqrt.
struct Sqrt : FnOp<Sqrt, Fn::kSqrt> {
  static constexpr OpInfo kInfo{.name = "Sqrt"};
};
/// 1/sqrt(x). Not in ONNX; passes make it.
struct Rsqrt : FnOp<Rsqrt, Fn::kRsqrt> {
  static constexpr OpInfo kInfo{.name = "Rsqrt"};
};
/// 1/x. Source: ONNX Reciprocal.
struct Reciprocal : FnOp<Reciprocal, Fn::kRecip> {
  static constexpr OpInfo kInfo{.name = "Reciprocal"};
};
/// The Gauss error function. Source: ONNX Erf.
struct Erf : FnOp<Erf, Fn::kErf> {
  static constexpr OpInfo kInfo{.name = "Erf"};
};
/// Largest integer <= x; integers unchanged. Source: ONNX Floor.
struct Floor : FnOp<Floor, Fn::kFloor> {
  static constexpr OpInfo kInfo{.name = "Floor"};
};
/// Smallest integer >= x; integers unchanged. Source: ONNX Ceil.
struct Ceil : FnOp<Ceil, Fn::kCeil> {
  static constexpr OpInfo kInfo{.name = "Ceil"};
};
/// Nearest integer, ties to even; integers unchanged. Source: ONNX Round.
struct Round : FnOp<Round, Fn::kRound> {
  static constexpr OpInfo kInfo{.name = "Round"};
};
/// Sine of radians. Source: ONNX Sin.
struct Sin : FnOp<Sin, Fn::kSin> {
  static constexpr OpInfo kInfo{.name = "Sin"};
};
/// Cosine of radians. Source: ONNX Cos.
struct Cos : FnOp<Cos, Fn::kCos> {
  static constexpr OpInfo kInfo{.name = "Cos"};
};
/// Tangent of radians. Source: ONNX Tan.
struct Tan : FnOp<Tan, Fn::kTan> {
  static constexpr OpInfo kInfo{.name = "Tan"};
};
/// Inverse sine; NaN outside [-1, 1]. Source: ONNX Asin.
struct Asin : FnOp<Asin, Fn::kAsin> {
  static constexpr OpInfo kInfo{.name = "Asin"};
};
/// Inverse cosine; NaN outside [-1, 1]. Source: ONNX Acos.
struct Acos : FnOp<Acos, Fn::kAcos> {
  static constexpr OpInfo kInfo{.name = "Acos"};
};
/// Inverse tangent. Source: ONNX Atan.
struct Atan : FnOp<Atan, Fn::kAtan> {
  static constexpr OpInfo kInfo{.name = "Atan"};
};
/// Hyperbolic sine. Source: ONNX Sinh.
struct Sinh : FnOp<Sinh, Fn::kSinh> {
  static constexpr OpInfo kInfo{.name = "Sinh"};
};
/// Hyperbolic cosine. Source: ONNX Cosh.
struct Cosh : FnOp<Cosh, Fn::kCosh> {
  static constexpr OpInfo kInfo{.name = "Cosh"};
};
/// Inverse hyperbolic sine. Source: ONNX Asinh.
struct Asinh : FnOp<Asinh, Fn::kAsinh> {
  static constexpr OpInfo kInfo{.name = "Asinh"};
};
/// Inverse hyperbolic cosine; NaN below 1. Source: ONNX Acosh.
struct Acosh : FnOp<Acosh, Fn::kAcosh> {
  static constexpr OpInfo kInfo{.name = "Acosh"};
};
/// Inverse hyperbolic tangent; NaN outside [-1, 1]. Source: ONNX Atanh.
struct Atanh : FnOp<Atanh, Fn::kAtanh> {
  static constexpr OpInfo kInfo{.name = "Atanh"};
};

}  // namespace bolide
