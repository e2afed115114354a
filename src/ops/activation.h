/// Activation functions: elementwise on floats, each an expression with its parameters written in.
#pragma once

#include "ops/elementwise.h"

#include <limits>

namespace bolide {

/// max(x, 0); integers too. NaN stays NaN. Source: ONNX Relu.
struct Relu : ElementwiseOp<Relu> {
  static constexpr OpInfo kInfo{.name = "Relu"};
  std::optional<Expr> expression() const;
};

/// x < 0 ? alpha*x : x. Source: ONNX LeakyRelu.
struct LeakyRelu : ElementwiseOp<LeakyRelu> {
  static constexpr OpInfo kInfo{.name = "LeakyRelu"};
  float alpha = 0.01F;
  static constexpr auto kFields = std::tuple{field("alpha", &LeakyRelu::alpha)};
  std::optional<Expr> expression() const;
};

/// x < 0 ? slope*x : x, with inputs x and slope; integers too. Source: ONNX PRelu.
struct PRelu : ElementwiseOp<PRelu> {
  static constexpr OpInfo kInfo{.name = "PRelu", .min_inputs = 2, .max_inputs = 2};
  std::optional<Expr> expression() const;
};

/// x < 0 ? alpha*(e^x - 1) : x. Source: ONNX Elu.
struct Elu : ElementwiseOp<Elu> {
  static constexpr OpInfo kInfo{.name = "Elu"};
  float alpha = 1.0F;
  static constexpr auto kFields = std::tuple{field("alpha", &Elu::alpha)};
  std::optional<Expr> expression() const;
};

/// gamma * (x > 0 ? x : alpha*(e^x - 1)). Source: ONNX Selu.
struct Selu : ElementwiseOp<Selu> {
  static constexpr OpInfo kInfo{.name = "Selu"};
  float alpha = 1.67326319217681884765625F;
  float gamma = 1.05070102214813232421875F;
  static constexpr auto kFields = std::tuple{field("alpha", &Selu::alpha), field("gamma", &Selu::gamma)};
  std::optional<Expr> expression() const;
};

/// x > alpha ? x : 0. Source: ONNX ThresholdedRelu.
struct ThresholdedRelu : ElementwiseOp<ThresholdedRelu> {
  static constexpr OpInfo kInfo{.name = "ThresholdedRelu"};
  float alpha = 1.0F;
  static constexpr auto kFields = std::tuple{field("alpha", &ThresholdedRelu::alpha)};
  std::optional<Expr> expression() const;
};

/// x < -lambd ? x + bias : (x > lambd ? x - bias : 0); integers too. Source: ONNX Shrink.
struct Shrink : ElementwiseOp<Shrink> {
  static constexpr OpInfo kInfo{.name = "Shrink"};
  float bias = 0.0F;
  float lambd = 0.5F;
  static constexpr auto kFields = std::tuple{field("bias", &Shrink::bias), field("lambd", &Shrink::lambd)};
  std::optional<Expr> expression() const;
};

/// max(0, min(1, alpha*x + beta)). Source: ONNX HardSigmoid.
struct HardSigmoid : ElementwiseOp<HardSigmoid> {
  static constexpr OpInfo kInfo{.name = "HardSigmoid"};
  float alpha = 0.2F;
  float beta = 0.5F;
  static constexpr auto kFields = std::tuple{field("alpha", &HardSigmoid::alpha), field("beta", &HardSigmoid::beta)};
  std::optional<Expr> expression() const;
};

/// x * max(0, min(1, x/6 + 0.5)). Source: ONNX HardSwish.
struct HardSwish : ElementwiseOp<HardSwish> {
  static constexpr OpInfo kInfo{.name = "HardSwish"};
  std::optional<Expr> expression() const;
};

enum class GeluForm : std::uint8_t { kExact, kTanh };
constexpr std::array<std::string_view, 2> enum_names(GeluForm) { return {"none", "tanh"}; }

/// none: 0.5*x*(1 + erf(x/sqrt(2))); tanh: 0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3))). Source: ONNX Gelu.
struct Gelu : ElementwiseOp<Gelu> {
  static constexpr OpInfo kInfo{.name = "Gelu"};
  GeluForm approximate = GeluForm::kExact;
  static constexpr auto kFields = std::tuple{field("approximate", &Gelu::approximate)};
  std::optional<Expr> expression() const;
};

/// x * tanh(log(1 + e^x)). Source: ONNX Mish.
struct Mish : ElementwiseOp<Mish> {
  static constexpr OpInfo kInfo{.name = "Mish"};
  std::optional<Expr> expression() const;
};

/// x * sigmoid(alpha*x). Source: ONNX Swish; SiLU at alpha 1.
struct Silu : ElementwiseOp<Silu> {
  static constexpr OpInfo kInfo{.name = "Silu"};
  float alpha = 1.0F;
  static constexpr auto kFields = std::tuple{field("alpha", &Silu::alpha)};
  std::optional<Expr> expression() const;
};

/// min(max(x, lo), hi); integers too. An infinite bound is none. Bounds that are no constants are Min and Max
/// operators. Source: ONNX Clip.
struct Clip : ElementwiseOp<Clip> {
  static constexpr OpInfo kInfo{.name = "Clip"};
  float lo = -std::numeric_limits<float>::infinity();
  float hi = std::numeric_limits<float>::infinity();
  static constexpr auto kFields = std::tuple{field("lo", &Clip::lo), field("hi", &Clip::hi)};
  std::optional<Expr> expression() const;
};

/// x / (1 + |x|). Source: ONNX Softsign.
struct Softsign : ElementwiseOp<Softsign> {
  static constexpr OpInfo kInfo{.name = "Softsign"};
  std::optional<Expr> expression() const;
};

/// 1 / (1 + e^-x). Source: ONNX Sigmoid.
struct Sigmoid : FnOp<Sigmoid, Fn::kSigmoid> {
  static constexpr OpInfo kInfo{.name = "Sigmoid"};
};
/// log(1 + e^x). Source: ONNX Softplus.
struct Softplus : FnOp<Softplus, Fn::kSoftplus> {
  static constexpr OpInfo kInfo{.name = "Softplus"};
};
/// Hyperbolic tangent. Source: ONNX Tanh.
struct Tanh : FnOp<Tanh, Fn::kTanh> {
  static constexpr OpInfo kInfo{.name = "Tanh"};
};

}  // namespace bolide
