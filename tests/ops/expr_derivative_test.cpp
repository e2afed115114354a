#include "ops/expr_derivative.h"

#include "support.h"

namespace bolide {
namespace {

double value_at(const Expr& expr, std::initializer_list<double> at) {
  std::vector<Tensor> tensors;
  for (const double x : at) tensors.push_back(Tensor::scalar(x));
  std::vector<const Tensor*> inputs;
  for (const Tensor& one : tensors) inputs.push_back(&one);
  return evaluate(expr, inputs, DataType::kF64, DataType::kF64)->span<double>()[0];
}

TEST(Derivative, IsTheSlopeOfEveryFunction) {
  constexpr double kStep = 1e-6;
  for (int i = 0; i < kFnCount; ++i) {
    const Fn fn = static_cast<Fn>(i);
    const Expr expr = Expr::of(fn);
    if (!derivative(expr, 0)) continue;
    const double x = fn == Fn::kAcosh ? 1.75 : 0.375;
    for (int by = 0; by < std::min(arity(fn), 2); ++by) {
      const auto shifted = [&](double step) {
        const double a = by == 0 ? x + step : x;
        const double b = by == 1 ? 0.625 + step : 0.625;
        return arity(fn) == 1   ? value_at(expr, {a})
               : arity(fn) == 2 ? value_at(expr, {a, b})
                                : value_at(expr, {a, b, 3});
      };
      const double want = 2 * (shifted(kStep) - shifted(-kStep)) / (2 * kStep);
      const Expr slope = *derivative(expr, by);
      const double got = arity(fn) == 1   ? value_at(slope, {x, 2})
                         : arity(fn) == 2 ? value_at(slope, {x, 0.625, 2})
                                          : value_at(slope, {x, 0.625, 3, 2});
      EXPECT_NEAR(got, want, 1e-4) << name(fn) << " by argument " << by;
    }
  }
}

TEST(Derivative, FollowsTheChainOfSteps) {
  // x0 * sigmoid(x0): s + x0 s (1 - s) at 0 is 1/2.
  const Expr silu = *Expr::parse("t0=sigmoid(x0);mul(x0,t0)", 1);
  EXPECT_DOUBLE_EQ(value_at(*derivative(silu, 0), {0, 3}), 1.5);
  EXPECT_DOUBLE_EQ(value_at(*derivative(Expr(), 0), {7, 3}), 3);
  EXPECT_DOUBLE_EQ(value_at(*derivative(Expr::of(Fn::kAdd), 1), {1, 2, 5}), 5);
  EXPECT_FALSE(derivative(Expr::of(Fn::kBitAnd), 0));
}

}  // namespace
}  // namespace bolide
