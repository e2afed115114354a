#include "plan/layout.h"

#include "ops/all.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

Operand dense(Dims dims, const Order& order) {
  Dims strides = dense_strides(dims, order);
  return {.dtype = DataType::kF32, .dims = std::move(dims), .strides = std::move(strides)};
}

TEST(DenseStrides, ChannelsLastPutsTheSecondDimInnermost) {
  EXPECT_EQ(dense_strides(Dims{2, 3, 4, 5}, channels_last(4)), (Dims{60, 1, 15, 3}));
  EXPECT_EQ(dense_strides(Dims{2, 3, 4}, channels_last(3)), (Dims{12, 1, 3}));
  EXPECT_EQ(channels_last(2), row_major(2));
}

TEST(ReshapedStrides, MergesAndSplitsUniformGroups) {
  EXPECT_EQ(reshaped_strides(Dims{2, 3, 4}, Dims{12, 4, 1}, Dims{6, 4}), (Dims{4, 1}));
  EXPECT_EQ(reshaped_strides(Dims{6, 4}, Dims{4, 1}, Dims{2, 3, 2, 2}), (Dims{12, 4, 2, 1}));
}

TEST(ReshapedStrides, ChannelsLastPixelsMergeWithoutACopy) {
  // [1,8,3,3] channels-last -> [1,8,9]
  const auto strides = reshaped_strides(Dims{1, 8, 3, 3}, Dims{72, 1, 24, 8}, Dims{1, 8, 9});
  ASSERT_TRUE(strides);
  EXPECT_TRUE(same_strides(Dims{1, 8, 9}, *strides, Dims{72, 1, 8}));
}

TEST(ReshapedStrides, MergingChannelsWithPixelsOfChannelsLastNeedsACopy) {
  EXPECT_EQ(reshaped_strides(Dims{1, 8, 3, 3}, Dims{72, 1, 24, 8}, Dims{1, 72}), std::nullopt);
}

TEST(ReshapedStrides, SizesOfOneComeAndGo) {
  EXPECT_EQ(reshaped_strides(Dims{3, 1, 4}, Dims{4, 99, 1}, Dims{3, 4}), (Dims{4, 1}));
  EXPECT_EQ(reshaped_strides(Dims{}, Dims{}, Dims{1, 1})->size(), 2U);
}

TEST(ViewOf, TransposeRenamesStrides) {
  const std::vector<Operand> in = {dense({2, 3, 4}, row_major(3))};
  const auto view = view_of(Op(Transpose{.perm = {0, 2, 1}}), in, 0, Dims{2, 4, 3});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->strides, (Dims{12, 1, 4}));
}

TEST(ViewOf, AxesOfATransposeMayCountFromTheEnd) {
  const std::array in = {dense({2, 3, 4}, row_major(3))};
  const auto view = view_of(Op(Transpose{.perm = {0, 2, -2}}), in, 0, Dims{2, 4, 3});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->strides, (Dims{12, 1, 4}));
}

TEST(ViewOf, SliceOnChannelsOfChannelsLastIsAnOffset) {
  const Tensor starts = Tensor::of<std::int64_t>(std::vector<std::int64_t>{2});
  const Tensor ends = Tensor::of<std::int64_t>(std::vector<std::int64_t>{6});
  const Tensor axes = Tensor::of<std::int64_t>(std::vector<std::int64_t>{1});
  std::vector<Operand> in = {dense({1, 8, 3, 3}, channels_last(4))};
  for (const Tensor* t : {&starts, &ends, &axes}) {
    in.push_back({.dtype = DataType::kI64, .dims = {1}, .strides = {1}, .constant = t});
  }
  const auto view = view_of(Op(Slice{}), in, 0, Dims{1, 4, 3, 3});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->offset, 2);
  EXPECT_EQ(view->strides, (Dims{72, 1, 24, 8}));
}

TEST(ViewOf, SliceWithNegativeStepNeedsACopy) {
  const Tensor one = Tensor::of<std::int64_t>(std::vector<std::int64_t>{-1});
  std::vector<Operand> in = {dense({8}, row_major(1))};
  for (int i = 0; i < 4; ++i) in.push_back({.dtype = DataType::kI64, .dims = {1}, .strides = {1}, .constant = &one});
  EXPECT_FALSE(view_of(Op(Slice{}), in, 0, Dims{8}));
}

TEST(ViewOf, SplitPartsLieOneAfterTheOther) {
  const std::vector<Operand> in = {dense({1, 6, 2, 2}, channels_last(4))};
  const auto view = view_of(Op(Split{.axis = 1, .sizes = {2, 4}}), in, 1, Dims{1, 4, 2, 2});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->offset, 2);
}

TEST(ViewOf, ElementsThatShareABytePassOnlyWhereNothingMoves) {
  std::vector<Operand> in = {dense({2, 4}, row_major(2))};
  in[0].dtype = DataType::kI4;
  EXPECT_FALSE(view_of(Op(Transpose{}), in, 0, Dims{4, 2}));
  EXPECT_TRUE(view_of(Op(Unsqueeze{.axes = {0}}), in, 0, Dims{1, 2, 4}));
}

TEST(ViewOf, OperatorsThatComputeAreNoViews) {
  const std::vector<Operand> in = {dense({3}, row_major(1))};
  EXPECT_FALSE(view_of(Op(Relu{}), in, 0, Dims{3}));
}

}  // namespace
}  // namespace bolide
