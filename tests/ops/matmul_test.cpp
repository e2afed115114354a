#include "ops/matmul.h"

#include "run_op.h"

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

TEST(MatMul, MultipliesMatrices) {
  const auto y = run(MatMul{}, {make({2, 2}, {1, 2, 3, 4}), make({2, 3}, {1, 0, 2, 0, 1, 3})});
  EXPECT_EQ(dims(y), (Dims{2, 3}));
  EXPECT_EQ(numbers(y), (Numbers{1, 2, 8, 3, 4, 18}));
}

TEST(MatMul, TreatsVectorsAsNumpyDoes) {
  const Tensor v = make({2}, {1, 10});
  const Tensor m = make({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(numbers(run(MatMul{}, {v, m})), (Numbers{31, 42}));
  EXPECT_EQ(numbers(run(MatMul{}, {m, v})), (Numbers{21, 43}));
  const auto dot = run(MatMul{}, {v, v});
  EXPECT_EQ(dims(dot), Dims{});
  EXPECT_EQ(numbers(dot), (Numbers{101}));
}

TEST(MatMul, BroadcastsBatches) {
  const auto y = run(MatMul{}, {make({2, 1, 1, 1}, {2, 3}), make({3, 1, 1}, {1, 10, 100})});
  EXPECT_EQ(dims(y), (Dims{2, 3, 1, 1}));
  EXPECT_EQ(numbers(y), (Numbers{2, 20, 200, 3, 30, 300}));
}

TEST(MatMul, AddsBiasAndRunsTheEpilogue) {
  Expr relu(1);
  relu.push(Fn::kMax, Expr::in(0), Expr::number(0));
  const auto y = run(MatMul{.epilogue = relu}, {make({1, 1}, {2}), make({1, 2}, {1, -3}), make({2}, {1, 1})});
  EXPECT_EQ(numbers(y), (Numbers{3, 0}));
}

TEST(MatMul, IntegersOfAllWidthsAreExact) {
  const auto bytes = run(MatMul{.a_zero = 3, .out = DataType::kI32},
                         {make<std::uint8_t>({1, 2}, {255, 0}), make<std::int8_t>({2, 1}, {-128, 127})});
  EXPECT_EQ(numbers(bytes), (Numbers{252 * -128 + -3 * 127}));
  const auto longs = run(MatMul{.out = DataType::kI64}, {make<std::int64_t>({1, 2}, {INT64_C(9007199254740993), 1}),
                                                         make<std::int64_t>({2, 1}, {1, -1})});
  EXPECT_EQ((*longs)[0].span<std::int64_t>()[0], INT64_C(9007199254740992));
}

TEST(MatMul, NoInnerNumbersGiveZero) {
  EXPECT_EQ(numbers(run(MatMul{}, {counting({2, 0}), counting({0, 1})})), (Numbers{0, 0}));
}

TEST(MatMul, SizesBeyondOneTileAgreeWithTheClosedForm) {
  // a[i][k] = 1, b[k][j] = j, so y[i][j] = 70 * j
  Tensor a = counting({67, 70});
  for (float& value : a.span<float>()) value = 1;
  Tensor b = counting({70, 41});
  for (std::size_t i = 0; i < b.span<float>().size(); ++i) b.span<float>()[i] = static_cast<float>(i % 41);
  const Numbers y = numbers(run(MatMul{}, {a, b}));
  ASSERT_EQ(y.size(), 67U * 41U);
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], 70.0 * static_cast<double>(i % 41)) << i;
}

TEST(MatMul, InfersNamedSizesAndExplainsMismatches) {
  EXPECT_EQ(infer(MatMul{}, {"f32[batch,seq,64]", "f32[64,10]"}), "f32[batch,seq,10]");
  EXPECT_EQ(infer(MatMul{.out = DataType::kI32}, {"u8[m,4]", "i8[4,n]"}), "i32[m,n]");
  EXPECT_EQ(infer(MatMul{}, {"f32[8,512]", "f32[256,10]"}),
            "MatMul: a is [8,512] and b is [256,10]; inner sizes differ");
}

}  // namespace
}  // namespace bolide::testing
