#include "ops/activation.h"

#include <cmath>
#include <numbers>

namespace bolide {
namespace {

using Arg = Expr::Arg;

const Arg kX = Expr::in(0);
Arg number(double value) { return Expr::number(value); }

/// alpha*(e^x - 1)
Arg scaled_expm1(Expr& e, double alpha) {
  const Arg grown = e.push(Fn::kExpm1, kX);
  return alpha == 1 ? grown : e.push(Fn::kMul, grown, number(alpha));
}

/// max(0, min(1, x))
Arg unit_clamp(Expr& e, Arg x) { return e.push(Fn::kMax, e.push(Fn::kMin, x, number(1)), number(0)); }

}  // namespace

std::optional<Expr> Relu::expression() const {
  Expr e;
  e.push(Fn::kMax, kX, number(0));
  return e;
}

std::optional<Expr> LeakyRelu::expression() const {
  Expr e;
  const Arg scaled = e.push(Fn::kMul, kX, number(alpha));
  e.push(Fn::kSelect, e.push(Fn::kLess, kX, number(0)), scaled, kX);
  return e;
}

std::optional<Expr> PRelu::expression() const {
  Expr e(2);
  const Arg scaled = e.push(Fn::kMul, kX, Expr::in(1));
  e.push(Fn::kSelect, e.push(Fn::kLess, kX, number(0)), scaled, kX);
  return e;
}

std::optional<Expr> Elu::expression() const {
  Expr e;
  const Arg below = scaled_expm1(e, alpha);
  e.push(Fn::kSelect, e.push(Fn::kLess, kX, number(0)), below, kX);
  return e;
}

std::optional<Expr> Selu::expression() const {
  Expr e;
  const Arg below = scaled_expm1(e, alpha);
  const Arg chosen = e.push(Fn::kSelect, e.push(Fn::kGreater, kX, number(0)), kX, below);
  e.push(Fn::kMul, chosen, number(gamma));
  return e;
}

std::optional<Expr> ThresholdedRelu::expression() const {
  Expr e;
  e.push(Fn::kSelect, e.push(Fn::kGreater, kX, number(alpha)), kX, number(0));
  return e;
}

std::optional<Expr> Shrink::expression() const {
  Expr e;
  const Arg raised = e.push(Fn::kAdd, kX, number(bias));
  const Arg lowered = e.push(Fn::kSub, kX, number(bias));
  const Arg above = e.push(Fn::kSelect, e.push(Fn::kGreater, kX, number(lambd)), lowered, number(0));
  e.push(Fn::kSelect, e.push(Fn::kLess, kX, number(-lambd)), raised, above);
  return e;
}

std::optional<Expr> HardSigmoid::expression() const {
  Expr e;
  unit_clamp(e, e.push(Fn::kAdd, e.push(Fn::kMul, kX, number(alpha)), number(beta)));
  return e;
}

std::optional<Expr> HardSwish::expression() const {
  Expr e;
  const Arg gate = unit_clamp(e, e.push(Fn::kAdd, e.push(Fn::kMul, kX, number(1.0 / 6.0)), number(0.5)));
  e.push(Fn::kMul, kX, gate);
  return e;
}

std::optional<Expr> Gelu::expression() const {
  Expr e;
  Arg gate;
  if (approximate == GeluForm::kExact) {
    gate = e.push(Fn::kErf, e.push(Fn::kMul, kX, number(1 / std::numbers::sqrt2)));
  } else {
    const Arg cube = e.push(Fn::kMul, e.push(Fn::kMul, kX, kX), kX);
    const Arg inner = e.push(Fn::kAdd, kX, e.push(Fn::kMul, cube, number(0.044715)));
    gate = e.push(Fn::kTanh, e.push(Fn::kMul, inner, number(std::sqrt(2 * std::numbers::inv_pi))));
  }
  const Arg half = e.push(Fn::kMul, kX, number(0.5));
  e.push(Fn::kMul, half, e.push(Fn::kAdd, gate, number(1)));
  return e;
}

std::optional<Expr> Mish::expression() const {
  Expr e;
  e.push(Fn::kMul, kX, e.push(Fn::kTanh, e.push(Fn::kSoftplus, kX)));
  return e;
}

std::optional<Expr> Silu::expression() const {
  Expr e;
  const Arg inner = alpha == 1 ? kX : e.push(Fn::kMul, kX, number(alpha));
  e.push(Fn::kMul, kX, e.push(Fn::kSigmoid, inner));
  return e;
}

std::optional<Expr> Clip::expression() const {
  Expr e;
  if (lo != -std::numeric_limits<float>::infinity()) e.push(Fn::kMax, kX, number(lo));
  if (hi != std::numeric_limits<float>::infinity()) e.push(Fn::kMin, e.result(), number(hi));
  return e;
}

std::optional<Expr> Softsign::expression() const {
  Expr e;
  e.push(Fn::kDiv, kX, e.push(Fn::kAdd, e.push(Fn::kAbs, kX), number(1)));
  return e;
}

}  // namespace bolide
