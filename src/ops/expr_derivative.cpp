#include "ops/expr_derivative.h"

#include "base/error.h"

#include <cmath>
#include <numbers>

namespace bolide {
namespace {

using Arg = Expr::Arg;

bool is_number(const Arg& arg, double value) { return arg.kind == Arg::Kind::kNumber && arg.number == value; }

/// Writes the steps of derivatives behind those of the expression itself.
class Writer {
 public:
  explicit Writer(Expr& out) : out_(out) {}

  Arg neg(Arg a) { return out_.push(Fn::kNeg, a); }
  Arg add(Arg a, Arg b) { return is_number(a, 0) ? b : is_number(b, 0) ? a : out_.push(Fn::kAdd, a, b); }
  Arg mul(Arg a, Arg b) {
    if (is_number(a, 0) || is_number(b, 1)) return a;
    return is_number(a, 1) || is_number(b, 0) ? b : out_.push(Fn::kMul, a, b);
  }
  Arg square(Arg a) { return mul(a, a); }
  Arg one_minus(Arg a) { return out_.push(Fn::kSub, Expr::number(1), a); }
  Arg call(Fn fn, Arg a, Arg b = {}, Arg c = {}) { return out_.push(fn, a, b, c); }

  /// The derivative of a function of one argument; t is its result.
  Arg unary(Fn fn, Arg a, Arg t) {
    switch (fn) {
      case Fn::kNeg: return Expr::number(-1);
      case Fn::kAbs: return call(Fn::kSign, a);
      case Fn::kExp: return t;
      case Fn::kLog: return call(Fn::kRecip, a);
      case Fn::kLog1p: return call(Fn::kRecip, add(a, Expr::number(1)));
      case Fn::kExpm1: return add(t, Expr::number(1));
      case Fn::kSqrt: return call(Fn::kDiv, Expr::number(0.5), t);
      case Fn::kRsqrt: return mul(Expr::number(-0.5), mul(t, square(t)));
      case Fn::kRecip: return neg(square(t));
      case Fn::kErf: return mul(Expr::number(2 * std::numbers::inv_sqrtpi), call(Fn::kExp, neg(square(a))));
      case Fn::kTanh: return one_minus(square(t));
      case Fn::kSigmoid: return mul(t, one_minus(t));
      case Fn::kSoftplus: return call(Fn::kSigmoid, a);
      case Fn::kSin: return call(Fn::kCos, a);
      case Fn::kCos: return neg(call(Fn::kSin, a));
      case Fn::kTan: return add(square(t), Expr::number(1));
      case Fn::kAsin: return call(Fn::kRsqrt, one_minus(square(a)));
      case Fn::kAcos: return neg(call(Fn::kRsqrt, one_minus(square(a))));
      case Fn::kAtan: return call(Fn::kRecip, add(square(a), Expr::number(1)));
      case Fn::kSinh: return call(Fn::kCosh, a);
      case Fn::kCosh: return call(Fn::kSinh, a);
      case Fn::kAsinh: return call(Fn::kRsqrt, add(square(a), Expr::number(1)));
      case Fn::kAcosh: return call(Fn::kRsqrt, add(square(a), Expr::number(-1)));
      case Fn::kAtanh: return call(Fn::kRecip, one_minus(square(a)));
      default: return Expr::number(0);
    }
  }

  /// The derivative by argument 0 or 1 of a function of two; t is its result.
  Arg binary(Fn fn, Arg a, Arg b, Arg t, int by) {
    switch (fn) {
      case Fn::kAdd: return Expr::number(1);
      case Fn::kSub: return Expr::number(by == 0 ? 1 : -1);
      case Fn::kMul: return by == 0 ? b : a;
      case Fn::kDiv: return by == 0 ? call(Fn::kRecip, b) : neg(call(Fn::kDiv, t, b));
      case Fn::kMin: return by == 0 ? call(Fn::kLessEqual, a, b) : call(Fn::kLess, b, a);
      case Fn::kMax: return by == 0 ? call(Fn::kGreaterEqual, a, b) : call(Fn::kGreater, b, a);
      case Fn::kPow:
        if (by == 0) return mul(b, call(Fn::kPow, a, add(b, Expr::number(-1))));
        return call(Fn::kSelect, call(Fn::kGreater, a, Expr::number(0)), mul(t, call(Fn::kLog, a)), Expr::number(0));
      case Fn::kMod: return by == 0 ? Expr::number(1) : neg(call(Fn::kFloor, call(Fn::kDiv, a, b)));
      case Fn::kFmod: return by == 0 ? Expr::number(1) : neg(call(Fn::kTrunc, call(Fn::kDiv, a, b)));
      default: return Expr::number(0);
    }
  }

 private:
  Expr& out_;
};

bool is_of_bits(Fn fn) {
  return fn == Fn::kBitNot || fn == Fn::kBitAnd || fn == Fn::kBitOr || fn == Fn::kBitXor || fn == Fn::kShiftLeft ||
         fn == Fn::kShiftRight;
}

}  // namespace

Result<Expr> derivative(const Expr& expr, int input) {
  Expr out(expr.inputs() + 1);
  for (const Expr::Step& step : expr.steps()) out.push(step.fn, step.args[0], step.args[1], step.args[2]);
  Writer write(out);
  std::vector<Arg> slopes;  // of each step by the input
  const auto slope_of = [&](const Arg& arg) {
    if (arg.kind == Arg::Kind::kStep) return slopes[static_cast<std::size_t>(arg.index)];
    return Expr::number(arg.kind == Arg::Kind::kInput && arg.index == input ? 1 : 0);
  };
  for (std::size_t i = 0; i < expr.steps().size(); ++i) {
    const auto& [fn, args] = expr.steps()[i];
    if (is_of_bits(fn)) return unsupported("there is no derivative of ", name(fn));
    const Arg t = Expr::step(static_cast<int>(i));
    const Arg by[] = {slope_of(args[0]), arity(fn) > 1 ? slope_of(args[1]) : Expr::number(0),
                      arity(fn) > 2 ? slope_of(args[2]) : Expr::number(0)};
    Arg slope = Expr::number(0);
    if (fn == Fn::kSelect) {
      if (!is_number(by[1], 0) || !is_number(by[2], 0)) slope = write.call(fn, args[0], by[1], by[2]);
    } else if (arity(fn) == 1) {
      if (!is_number(by[0], 0)) slope = write.mul(by[0], write.unary(fn, args[0], t));
    } else {
      for (int k = 0; k < 2; ++k) {
        if (is_number(by[k], 0)) continue;
        slope = write.add(slope, write.mul(by[k], write.binary(fn, args[0], args[1], t, k)));
      }
    }
    slopes.push_back(slope);
  }
  out.push(Fn::kMul, Expr::in(expr.inputs()), slope_of(expr.result()));
  return out;
}

}  // namespace bolide
