#include "ops/pool.h"

#include "run_op.h"

#include <limits>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

TEST(MaxPool, TakesTheLargestAndSaysWhere) {
  const auto y = run(MaxPool{.kernel = {2, 2}, .strides = {2, 2}}, {counting({1, 2, 2, 4})}, 2);
  EXPECT_EQ(dims(y), (Dims{1, 2, 1, 2}));
  EXPECT_EQ(numbers(y), (Numbers{5, 7, 13, 15}));
  EXPECT_EQ(numbers(y, 1), (Numbers{5, 7, 13, 15}));
}

TEST(MaxPool, ColumnMajorIndicesCountDownTheColumns) {
  const auto y = run(MaxPool{.kernel = {1, 1}, .storage_order = 1}, {counting({1, 1, 2, 3})}, 2);
  EXPECT_EQ(numbers(y, 1), (Numbers{0, 2, 4, 1, 3, 5}));
}

TEST(MaxPool, PaddingNeverWins) {
  EXPECT_EQ(numbers(run(MaxPool{.kernel = {2}, .pads = {1, 1}}, {make({1, 1, 2}, {-5, -7})})), (Numbers{-5, -5, -7}));
}

TEST(MaxPool, WorksOnBytes) {
  const auto y = run(MaxPool{.kernel = {2}}, {make<std::int8_t>({1, 1, 3}, {-128, -3, 4})});
  EXPECT_EQ(numbers(y), (Numbers{-3, 4}));
}

TEST(MaxPool, CeilModeDropsWindowsThatStartInThePadding) {
  EXPECT_EQ(infer(MaxPool{.kernel = {2}, .strides = {2}, .ceil_mode = true}, {"f32[1,1,5]"}), "f32[1,1,3]");
  // Rounding up would give 3, but the third window starts at 4 = in + before.
  EXPECT_EQ(infer(MaxPool{.kernel = {1}, .strides = {2}, .pads = {1, 1}, .ceil_mode = true}, {"f32[1,1,3]"}),
            "f32[1,1,2]");
}

TEST(MaxPool, CeilModeRoundsUpWithoutPaddingToo) {  // as ONNX infers it
  const MaxPool pool{.kernel = {2}, .strides = {2}, .auto_pad = AutoPad::kValid, .ceil_mode = true};
  EXPECT_EQ(numbers(run(pool, {make({1, 1, 5}, {1, 2, 3, 4, 5})})), (Numbers{2, 4, 5}));
  EXPECT_EQ(infer(pool, {"f32[1,1,h]"}),
            infer(MaxPool{.kernel = {2}, .strides = {2}, .ceil_mode = true}, {"f32[1,1,h]"}));
}

TEST(AveragePool, CountsPaddingOnlyWhenAsked) {
  const Tensor x = make({1, 1, 2}, {2, 4});
  EXPECT_EQ(numbers(run(AveragePool{.kernel = {2}, .pads = {1, 1}}, {x})), (Numbers{2, 3, 4}));
  EXPECT_EQ(numbers(run(AveragePool{.kernel = {2}, .pads = {1, 1}, .count_include_pad = true}, {x})),
            (Numbers{1, 3, 2}));
}

TEST(AveragePool, WhatCeilModeAddsNeverCounts) {
  const AveragePool pool{.kernel = {2}, .strides = {2}, .ceil_mode = true, .count_include_pad = true};
  EXPECT_EQ(numbers(run(pool, {make({1, 1, 3}, {1, 3, 8})})), (Numbers{2, 8}));
}

TEST(AveragePool, Dilates) {
  EXPECT_EQ(numbers(run(AveragePool{.kernel = {2}, .dilations = {2}}, {make({1, 1, 4}, {1, 2, 5, 8})})),
            (Numbers{3, 5}));
}

TEST(LpPool, TakesTheNorm) {
  expect_near(numbers(run(LpPool{.kernel = {2}}, {make({1, 1, 3}, {3, -4, 0})})), {5, 4});
  expect_near(numbers(run(LpPool{.kernel = {2}, .p = 1}, {make({1, 1, 3}, {3, -4, 0})})), {7, 4});
}

TEST(Pool, InfersNamedSizesAndRefusesOtherTypes) {
  EXPECT_EQ(infer(MaxPool{.kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}}, {"f32[batch,64,112,112]"}, 2),
            "f32[batch,64,56,56] i64[batch,64,56,56]");
  EXPECT_EQ(infer(AveragePool{.kernel = {2}}, {"i32[1,1,4]"}),
            "AveragePool: input 0 must be floating point, got i32[1,1,4]");
  EXPECT_EQ(infer(MaxPool{.kernel = {2, 2}}, {"f32[1,1,4]"}), "MaxPool: kernel has 2 numbers, expected 1");
}

TEST(AveragePool, RoundedUpTakesAFirstWindowThatReachesBeyondTheInput) {
  const AveragePool pool{.kernel = {3}, .strides = {2}, .ceil_mode = true};
  EXPECT_EQ(numbers(run(pool, {make({1, 1, 2}, {1, 3})})), (std::vector<double>{2}));
  EXPECT_EQ(infer(pool, {"f32[1,1,1]"}),
            "AveragePool: a window of 3 (kernel 3, dilation 1) is larger than the padded input 1+0+0");
}

TEST(MaxPool, OfFloatsIsTheSameAsOfDoubles) {
  Tensor x = counting({2, 2, 7, 9});
  std::uint32_t state = 3;
  for (float& value : x.span<float>()) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 28);  // many are equal
  }
  x.span<float>()[40] = std::numeric_limits<float>::quiet_NaN();
  x.span<float>()[41] = std::numeric_limits<float>::quiet_NaN();
  x.span<float>()[77] = -std::numeric_limits<float>::infinity();
  for (const std::int64_t order : {0, 1}) {
    const MaxPool pool{.kernel = {3, 2},
                       .strides = {2, 3},
                       .pads = {1, 0, 2, 1},
                       .dilations = {1, 2},
                       .ceil_mode = true,
                       .storage_order = order};
    const auto narrow = run(pool, {x}, 2);
    const auto wide = run(pool, {*cast(x, DataType::kF64)}, 2);
    const Tensor values = *cast((*wide)[0], DataType::kF32);
    EXPECT_TRUE(values == (*narrow)[0]);
    EXPECT_TRUE((*wide)[1] == (*narrow)[1]);
  }
}

}  // namespace
}  // namespace bolide::testing
