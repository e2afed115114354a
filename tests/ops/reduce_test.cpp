#include "ops/reduce.h"

#include "ops/softmax.h"
#include "run_op.h"

#include <cmath>
#include <limits>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Reduce, ReducesTheNamedAxes) {
  const Tensor x = counting({2, 2, 2});
  EXPECT_EQ(numbers(run(Reduce{.axes = {1}}, {x})), (Numbers{2, 4, 10, 12}));
  EXPECT_EQ(numbers(run(Reduce{.axes = {0, -1}, .keepdims = false}, {x})), (Numbers{10, 18}));
  EXPECT_EQ(dims(run(Reduce{.axes = {0, -1}, .keepdims = false}, {x})), (Dims{2}));
  EXPECT_EQ(dims(run(Reduce{.axes = {0, 2}}, {x})), (Dims{1, 2, 1}));
  EXPECT_EQ(numbers(run(Reduce{.keepdims = false}, {x})), (Numbers{28}));
}

TEST(Reduce, TakesAxesThatAreComputed) {
  const Tensor x = counting({2, 2, 2});
  const Tensor axes = make<std::int64_t>({2}, {0, -1});
  EXPECT_EQ(numbers(run(Reduce{.axes = {1}, .keepdims = false}, {x, axes})), (Numbers{10, 18}));
  EXPECT_EQ(numbers(run(Reduce{.keepdims = false}, {x, make<std::int64_t>({0}, {})})), (Numbers{28}));
  EXPECT_EQ(dims(run(Reduce{.noop_with_empty_axes = true}, {x, make<std::int64_t>({0}, {})})), (Dims{2, 2, 2}));
  EXPECT_EQ(numbers(run(Reduce{.kind = ReduceKind::kL1, .noop_with_empty_axes = true}, {make({2}, {-1, 2})})),
            (Numbers{1, 2}));
}

TEST(Reduce, InfersTheRankFromTheNumberOfAxes) {
  EXPECT_EQ(infer(Reduce{}, {"f32[n,3]", "i64[k]"}), "f32[reduced,reduced]");
  EXPECT_EQ(infer(Reduce{.keepdims = false}, {"f32[n,3]", "i64[1]"}), "f32[reduced]");
  EXPECT_EQ(infer(Reduce{.keepdims = false}, {"f32[n,3]", "i64[0]"}), "f32[]");
  EXPECT_EQ(infer(Reduce{.keepdims = false}, {"f32[n,3]", "i64[k]"}),
            "Reduce: the length of input 1 is not known, and so no rank of the result");
  EXPECT_EQ(infer(Reduce{.keepdims = false}, {"f32[n,3]", "i64[3]"}), "Reduce: 3 axes of [n,3]");
}

TEST(Reduce, EveryKind) {
  const Tensor x = make({3}, {1, -2, 3});
  const auto of = [&](ReduceKind kind) { return numbers(run(Reduce{.kind = kind}, {x})).at(0); };
  EXPECT_EQ(of(ReduceKind::kSum), 2);
  EXPECT_NEAR(of(ReduceKind::kMean), 2.0 / 3, 1e-7);
  EXPECT_EQ(of(ReduceKind::kMax), 3);
  EXPECT_EQ(of(ReduceKind::kMin), -2);
  EXPECT_EQ(of(ReduceKind::kProd), -6);
  EXPECT_EQ(of(ReduceKind::kL1), 6);
  EXPECT_NEAR(of(ReduceKind::kL2), std::sqrt(14.0), 1e-6);
  EXPECT_NEAR(of(ReduceKind::kLogSum), std::log(2.0), 1e-7);
  EXPECT_NEAR(of(ReduceKind::kLogSumExp), std::log(std::exp(1) + std::exp(-2) + std::exp(3)), 1e-6);
  EXPECT_EQ(of(ReduceKind::kSumSquare), 14);
}

TEST(Reduce, LogSumExpDoesNotOverflow) {
  expect_near(numbers(run(Reduce{.kind = ReduceKind::kLogSumExp}, {make({2}, {1000, 1000})})), {1000 + std::log(2)},
              1e-3);
}

TEST(Reduce, IntegersAreExactAndWrap) {
  const auto longs = run(Reduce{}, {make<std::int64_t>({2}, {INT64_C(9007199254740993), 1})});
  EXPECT_EQ((*longs)[0].span<std::int64_t>()[0], INT64_C(9007199254740994));
  EXPECT_EQ(numbers(run(Reduce{.kind = ReduceKind::kMean}, {make<std::int32_t>({2}, {-3, -4})})), (Numbers{-3}));
  EXPECT_EQ(numbers(run(Reduce{}, {make<std::uint8_t>({2}, {200, 100})})), (Numbers{44}));
}

TEST(Reduce, NothingGivesTheNeutralNumber) {
  const auto of = [&](ReduceKind kind, DataType type) {
    return numbers(run(Reduce{.kind = kind, .axes = {0}}, {make_as(type, {0, 1}, {})})).at(0);
  };
  EXPECT_EQ(of(ReduceKind::kSum, DataType::kF32), 0);
  EXPECT_EQ(of(ReduceKind::kProd, DataType::kF32), 1);
  EXPECT_EQ(of(ReduceKind::kMax, DataType::kF32), -kInfinity);
  EXPECT_EQ(of(ReduceKind::kMin, DataType::kF32), kInfinity);
  EXPECT_EQ(of(ReduceKind::kLogSumExp, DataType::kF32), -kInfinity);
  EXPECT_EQ(of(ReduceKind::kMax, DataType::kI8), -128);
  EXPECT_EQ(of(ReduceKind::kMin, DataType::kU8), 255);
}

TEST(Reduce, BooleansHaveAMaximum) {
  const auto y = run(Reduce{.kind = ReduceKind::kMax}, {make_as(DataType::kBool, {2}, {0, 1})});
  EXPECT_EQ(numbers(y), (Numbers{1}));
  EXPECT_EQ((*y)[0].dtype(), DataType::kBool);
}

TEST(Reduce, InfersNamedSizesAndNamesBadAxes) {
  EXPECT_EQ(infer(Reduce{.axes = {2, 3}}, {"f32[n,8,h,w]"}), "f32[n,8,1,1]");
  EXPECT_EQ(infer(Reduce{.axes = {4}}, {"f32[n,8,h,w]"}), "Reduce: axis 4 is outside rank 4");
  EXPECT_EQ(infer(Reduce{.axes = {0, -2}}, {"f32[2,2]"}), "Reduce: axis -2 is given twice");
}

TEST(Softmax, SumsToOneAlongTheAxis) {
  const double e = std::exp(1.0);
  expect_near(numbers(run(Softmax{}, {make({2, 2}, {0, 1, 1000, 1000})})), {1 / (1 + e), e / (1 + e), 0.5, 0.5});
  expect_near(numbers(run(Softmax{.axis = 0}, {make({2, 2}, {0, 1, 0, 1})})), {0.5, 0.5, 0.5, 0.5});
}

TEST(LogSoftmax, IsTheLogarithm) {
  expect_near(numbers(run(LogSoftmax{}, {make({1, 2}, {0, 0})})), {-std::log(2.0), -std::log(2.0)});
}

TEST(Hardmax, MarksTheFirstLargest) {
  EXPECT_EQ(numbers(run(Hardmax{}, {make({1, 3}, {1, 7, 7})})), (Numbers{0, 1, 0}));
}

TEST(Softmax, RefusesIntegersAndBadAxes) {
  EXPECT_EQ(infer(Softmax{}, {"i32[2]"}), "Softmax: input 0 must be floating point, got i32[2]");
  EXPECT_EQ(infer(Softmax{.axis = 1}, {"f32[2]"}), "Softmax: axis 1 is outside rank 1");
  EXPECT_EQ(dims(run(Softmax{}, {counting({0, 3})})), (Dims{0, 3}));
}

TEST(Hardmax, AgreesWithOneNumberAfterTheOther) {
  for (const std::int64_t n : {1, 15, 16, 17, 40}) {
    for (std::int64_t top = 0; top < n; ++top) {
      Tensor x = *Tensor::allocate(DataType::kF32, {2, n});
      for (std::int64_t i = 0; i < n; ++i) {
        x.span<float>()[static_cast<std::size_t>(i)] = i == top || i == n - 1 ? 3.0F : -1.0F;
        x.span<float>()[static_cast<std::size_t>(n + i)] = -std::numeric_limits<float>::infinity();
      }
      const std::vector<double> y = numbers(run(Hardmax{}, {x}));
      std::vector<double> want(static_cast<std::size_t>(2 * n));
      want[static_cast<std::size_t>(top)] = 1;
      want[static_cast<std::size_t>(n)] = 1;
      ASSERT_EQ(y, want) << n << ", " << top;
    }
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(numbers(run(Hardmax{}, {make({2, 3}, {nan, 1, 2, 1, nan, 2})})), (Numbers{1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(numbers(run(Hardmax{.axis = 0}, {make({2, 3}, {nan, 1, 2, 1, nan, 2})})), (Numbers{1, 1, 1, 0, 0, 0}));
  EXPECT_EQ(dims(run(Hardmax{}, {make({3, 0}, {})})), (Dims{3, 0}));
}

}  // namespace
}  // namespace bolide::testing
