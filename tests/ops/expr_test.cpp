#include "support.h"

#include <cmath>
#include <limits>

namespace bolide {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

Expr silu() {
  Expr e(1);
  const Expr::Arg gate = e.push(Fn::kSigmoid, Expr::in(0));
  e.push(Fn::kMul, Expr::in(0), gate);
  return e;
}

TEST(Expr, PrintsAsTextAndReadsBack) {
  EXPECT_EQ(text(silu()), "t0=sigmoid(x0);mul(x0,t0)");
  EXPECT_EQ(*Expr::parse("t0=sigmoid(x0);mul(x0,t0)", 1), silu());
  EXPECT_EQ(text(Expr()), "x0");
  EXPECT_EQ(text(*Expr::parse("t0=mul(x0,0.1);t1=max(t0,-inf);select(x1,t1,-2.5e-10)", 2)),
            "t0=mul(x0,0.1);t1=max(t0,-inf);select(x1,t1,-2.5e-10)");
}

TEST(Expr, EveryFunctionHasANameThatReadsBack) {
  for (int i = 0; i < kFnCount; ++i) {
    const Fn fn = static_cast<Fn>(i);
    EXPECT_EQ(parse_fn(name(fn)), fn) << i;
    EXPECT_EQ(*Expr::parse(text(Expr::of(fn)), arity(fn)), Expr::of(fn));
  }
}

TEST(Expr, HostileTextIsAnError) {
  for (const char* bad : {"",
                          ";",
                          "x",
                          "x1",
                          "x0;",
                          "add",
                          "add(",
                          "add()",
                          "add(x0)",
                          "add(x0,x1)",
                          "add(x0,x0,x0)",
                          "add(x0,t0)",
                          "add(x0,)",
                          "t0=exp(x0)",
                          "t1=exp(x0);exp(t1)",
                          "t0=exp(x0);exp(t1)",
                          "exp(x99999999999999999999)",
                          "exp(1e)",
                          "exp(x-1)",
                          "boo(x0)",
                          "t0=;exp(x0)",
                          "exp(x0",
                          "exp(x0);exp(x0)",
                          "exp(1 )"}) {
    EXPECT_FALSE(Expr::parse(bad, 1)) << bad;
  }
  std::string endless;
  for (int i = 0; i < 10000; ++i) endless += strings::join('t', i, "=exp(x0);");
  EXPECT_FALSE(Expr::parse(endless + "exp(x0)", 1));
}

TEST(Expr, ComposedPutsTheInnerExpressionBeforeTheOuter) {
  const std::array<int, 2> outer_at = {-1, 1};
  const std::array<int, 1> inner_at = {0};
  const Expr sum = Expr::of(Fn::kAdd).composed(0, silu(), outer_at, inner_at, 2);
  EXPECT_EQ(text(sum), "t0=sigmoid(x0);t1=mul(x0,t0);add(t1,x1)");
  // The identity inside only renames; the identity outside leaves the inner one.
  EXPECT_EQ(text(Expr::of(Fn::kAdd).composed(0, Expr(), outer_at, inner_at, 2)), "add(x0,x1)");
  EXPECT_EQ(text(Expr().composed(0, silu(), {}, inner_at, 1)), text(silu()));
}

TEST(Expr, RenumberedReadsOtherInputs) {
  const std::array<int, 2> at = {2, 0};
  EXPECT_EQ(text(Expr::of(Fn::kSub).renumbered(at, 3)), "sub(x2,x0)");
  EXPECT_EQ(text(Expr().renumbered(std::array<int, 1>{1}, 2)), "max(x1,x1)");
}

TEST(Apply, IntegerArithmeticWrapsAndNeverTraps) {
  EXPECT_EQ(apply<std::int64_t>(Fn::kDiv, -7, 2), -3);
  EXPECT_EQ(apply<std::int64_t>(Fn::kDiv, 7, 0), 0);
  EXPECT_EQ(apply<std::int64_t>(Fn::kDiv, kLowest, -1), kLowest);
  EXPECT_EQ(apply<std::int64_t>(Fn::kMod, kLowest, -1), 0);
  EXPECT_EQ(apply<std::int64_t>(Fn::kMod, -7, 3), 2);
  EXPECT_EQ(apply<std::int64_t>(Fn::kFmod, -7, 3), -1);
  EXPECT_EQ(apply<std::int64_t>(Fn::kAbs, kLowest), kLowest);
  EXPECT_EQ(apply<std::int64_t>(Fn::kPow, 3, 4), 81);
  EXPECT_EQ(apply<std::int64_t>(Fn::kPow, -1, -3), -1);
  EXPECT_EQ(apply<std::int64_t>(Fn::kPow, 2, -1), 0);
  EXPECT_EQ(apply<std::uint64_t>(Fn::kSub, 0, 1), ~std::uint64_t{0});
  EXPECT_EQ(apply<std::uint64_t>(Fn::kShiftLeft, 1, 64), 0U);
  EXPECT_EQ(apply<std::int64_t>(Fn::kShiftRight, 256, 200), 0);
}

TEST(Apply, FloatsKeepNanAndRoundHalfToEven) {
  EXPECT_TRUE(std::isnan(apply<float>(Fn::kMax, kNan, 0)));
  EXPECT_TRUE(std::isnan(apply<float>(Fn::kMin, 0, kNan)));
  EXPECT_TRUE(std::isnan(apply<float>(Fn::kSign, kNan)));
  EXPECT_EQ(apply<float>(Fn::kRound, 2.5F), 2);
  EXPECT_EQ(apply<float>(Fn::kRound, -1.5F), -2);
  EXPECT_EQ(apply<float>(Fn::kMod, -4.5F, 2), 1.5F);
  EXPECT_EQ(apply<float>(Fn::kFmod, -4.5F, 2), -0.5F);
  EXPECT_EQ(apply<float>(Fn::kSigmoid, -1000), 0);
  EXPECT_EQ(apply<float>(Fn::kSoftplus, 1000), 1000);
  EXPECT_EQ(apply<float>(Fn::kBitAnd, 6, 3), 2);
}

TEST(Evaluate, BroadcastsAsNumpyDoes) {
  const Tensor column = floats({2, 1}, {10, 20});
  const Tensor row = floats({3}, {1, 2, 3});
  const std::array<const Tensor*, 2> inputs = {&column, &row};
  const auto out = evaluate(Expr::of(Fn::kAdd), inputs, DataType::kF32, DataType::kF32);
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, floats({2, 3}, {11, 12, 13, 21, 22, 23}));
}

TEST(Evaluate, OfManyElementsGivesEveryElementItsValue) {
  Tensor rows = *Tensor::allocate(DataType::kI32, {300, 1, 301});
  for (std::size_t i = 0; i < rows.span<std::int32_t>().size(); ++i) {
    rows.span<std::int32_t>()[i] = static_cast<std::int32_t>(i);
  }
  const Tensor two = tensor<std::int32_t>({2, 1}, {1000000, 2000000});
  const std::array<const Tensor*, 2> inputs = {&rows, &two};
  const auto out = evaluate(Expr::of(Fn::kAdd), inputs, DataType::kI32, DataType::kI32);
  ASSERT_TRUE(out);
  ASSERT_EQ(out->dims(), (Dims{300, 2, 301}));
  for (int a = 0; a < 300; ++a) {
    for (int b = 0; b < 2; ++b) {
      for (int c = 0; c < 301; ++c) {
        ASSERT_EQ(out->span<std::int32_t>()[static_cast<std::size_t>((a * 2 + b) * 301 + c)],
                  a * 301 + c + (b + 1) * 1000000);
      }
    }
  }
}

TEST(Evaluate, StoresNarrowIntegersWrappedAndFromFloatsSaturated) {
  const Tensor bytes = tensor<std::uint8_t>({2}, {200, 3});
  const std::array<const Tensor*, 2> twice = {&bytes, &bytes};
  EXPECT_EQ(*evaluate(Expr::of(Fn::kAdd), twice, DataType::kU8, DataType::kU8), tensor<std::uint8_t>({2}, {144, 6}));
  const Tensor wide = floats({5}, {2.5F, -300, 300, kNan, 3.5F});
  const std::array<const Tensor*, 1> one = {&wide};
  EXPECT_EQ(*evaluate(Expr(), one, DataType::kF32, DataType::kI8), tensor<std::int8_t>({5}, {2, -128, 127, 0, 4}));
}

TEST(Evaluate, WorksOnPackedAndNarrowTypes) {
  const Tensor nibbles = *cast(longs({3}, {-8, 7, 3}), DataType::kI4);
  const std::array<const Tensor*, 1> one = {&nibbles};
  EXPECT_EQ(*to_i64(*evaluate(Expr::of(Fn::kNeg), one, DataType::kI4, DataType::kI4)), (Dims{-8, -7, -3}));
  const Tensor halves = *cast(floats({2}, {0.5F, -3}), DataType::kF16);
  const std::array<const Tensor*, 1> half = {&halves};
  EXPECT_EQ(*to_f64(*evaluate(Expr::of(Fn::kAbs), half, DataType::kF16, DataType::kF16)),
            (std::vector<double>{0.5, 3}));
}

TEST(Evaluate, SizesThatDoNotBroadcastAreAnError) {
  const Tensor a = floats({2}, {1, 2});
  const Tensor b = floats({3}, {1, 2, 3});
  const std::array<const Tensor*, 2> inputs = {&a, &b};
  EXPECT_EQ(evaluate(Expr::of(Fn::kAdd), inputs, DataType::kF32, DataType::kF32).error().message,
            "shapes [2] and [3] do not broadcast");
}

TEST(Broadcast, OfNamedSizesKeepsTheKnownOne) {
  const Shape named = {Dim("batch"), 1, Dim("n")};
  EXPECT_EQ(text(*broadcast(named, Shape{4, 8})), "[batch,4,8]");
  EXPECT_EQ(text(*broadcast(named, Shape{Dim("m"), 1})), "[batch,m,n]");
  EXPECT_EQ(text(*broadcast(Shape{}, named)), "[batch,1,n]");
  EXPECT_EQ(text(*broadcast(Shape{Dim("n")}, Shape{Dim("n") * 2})), "[2*n]");  // n is 1
  EXPECT_EQ(text(*broadcast(Shape{Dim("m")}, Shape{Dim("n")})), "[max(m,n)]");
  const Shape two = *broadcast(Shape{Dim("m")}, Shape{Dim("n")});
  EXPECT_EQ(text(*broadcast(two, Shape{Dim("k")})), "[max(k,m,n)]");
  EXPECT_EQ(text(*broadcast(Shape{Dim("n") + 1}, two)), "[n+1]");  // taken to be equal
  EXPECT_FALSE(broadcast(Shape{2}, Shape{3}));
}

}  // namespace
}  // namespace bolide
