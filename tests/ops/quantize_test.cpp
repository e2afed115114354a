#include "ops/quantize.h"

#include "run_op.h"

#include <limits>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

TEST(QuantizeLinear, RoundsHalfToEvenAndSaturates) {
  const auto y =
      run(QuantizeLinear{}, {make({6}, {1, 3, 5, -1000, 1000, 0}), make({}, {2}), make<std::uint8_t>({}, {100})});
  EXPECT_EQ(numbers(y), (Numbers{100, 102, 102, 0, 255, 100}));
}

TEST(QuantizeLinear, ScalesPerAxisAndPerBlock) {
  const Tensor x = make({2, 4}, {2, 4, 6, 8, 10, 20, 30, 40});
  EXPECT_EQ(numbers(run(QuantizeLinear{.axis = 0, .out = DataType::kI8}, {x, make({2}, {2, 10})})),
            (Numbers{1, 2, 3, 4, 1, 2, 3, 4}));
  EXPECT_EQ(
      numbers(run(QuantizeLinear{.axis = 1, .block_size = 3, .out = DataType::kI8}, {x, make({2, 2}, {2, 8, 5, 40})})),
      (Numbers{1, 2, 3, 1, 2, 4, 6, 1}));
}

TEST(QuantizeLinear, NarrowTypesKeepTheirRange) {
  const Tensor x = make({3}, {-100, 3, 100});
  const Tensor one = make({}, {1});
  EXPECT_EQ(numbers(run(QuantizeLinear{.out = DataType::kI4}, {x, one})), (Numbers{-8, 3, 7}));
  EXPECT_EQ(numbers(run(QuantizeLinear{.out = DataType::kU2}, {x, one})), (Numbers{0, 3, 3}));
  EXPECT_EQ(numbers(run(QuantizeLinear{.out = DataType::kI16}, {make({1}, {1e9F}), one})), (Numbers{32767}));
  EXPECT_EQ(numbers(run(QuantizeLinear{.out = DataType::kF8E4M3FN}, {make({2}, {1000, 17}), one})), (Numbers{448, 16}));
  EXPECT_EQ(numbers(run(QuantizeLinear{.out = DataType::kF6E2M3}, {make({3}, {1000, -0.3F, 1}), one})),
            (Numbers{7.5, -0.25, 1}));
  EXPECT_EQ(numbers(run(QuantizeLinear{.out = DataType::kF6E3M2}, {make({3}, {1000, -0.3F, 25}), one})),
            (Numbers{28, -0.3125, 24}));
}

TEST(DequantizeLinear, SubtractsTheZeroPointFirst) {
  EXPECT_EQ(numbers(run(DequantizeLinear{},
                        {make<std::uint8_t>({3}, {0, 128, 255}), make({}, {0.5F}), make<std::uint8_t>({}, {128})})),
            (Numbers{-64, 0, 63.5}));
  EXPECT_EQ(numbers(run(DequantizeLinear{.axis = 0}, {make<std::int32_t>({2}, {3, -4}), make({2}, {1, 10})})),
            (Numbers{3, -40}));
}

TEST(DynamicQuantizeLinear, CoversTheRangeAndZero) {
  const auto y = run(DynamicQuantizeLinear{}, {make({3}, {0, 2, 255})}, 3);
  EXPECT_EQ(numbers(y), (Numbers{0, 2, 255}));
  EXPECT_EQ(numbers(y, 1), (Numbers{1}));
  const auto negative = run(DynamicQuantizeLinear{}, {make({2}, {-255, -5})}, 3);
  EXPECT_EQ(numbers(negative), (Numbers{0, 250}));
  EXPECT_EQ(numbers(negative, 2), (Numbers{255}));
  EXPECT_EQ(numbers(run(DynamicQuantizeLinear{}, {make({1}, {0})}, 3)), (Numbers{0}));
}

TEST(QuantizeLinear, InfersAndExplains) {
  EXPECT_EQ(infer(QuantizeLinear{}, {"f32[n,3,h]", "f32[3]", "u8[3]"}), "u8[n,3,h]");
  EXPECT_EQ(infer(QuantizeLinear{}, {"f32[n,3,h]", "f32[4]"}), "QuantizeLinear: scale count is 4, expected 3");
  EXPECT_EQ(infer(QuantizeLinear{}, {"f32[2]", "f32[]", "i8[]"}), "QuantizeLinear: zero is i8 and the result u8");
  EXPECT_EQ(infer(QuantizeLinear{}, {"f32[n,3,h]", "f32[3]", "u8[]"}), "QuantizeLinear: scale is [3] and zero is []");
  EXPECT_EQ(infer(QuantizeLinear{}, {"f32[n,3,h]", "f32[]", "u8[3]"}), "QuantizeLinear: scale is [] and zero is [3]");
  EXPECT_EQ(infer(QuantizeLinear{}, {"f32[n,3,h]", "f32[1]", "u8[]"}), "u8[n,3,h]");
  EXPECT_EQ(infer(DequantizeLinear{.axis = 1, .block_size = 4}, {"i4[8,9]", "f32[8,2]"}),
            "DequantizeLinear: scale size is 2, expected 3");
}

}  // namespace
}  // namespace bolide::testing
