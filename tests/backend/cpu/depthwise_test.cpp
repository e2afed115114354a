#include "backend/cpu/tactic_harness.h"
#include "ops/conv.h"

namespace bolide::test {
namespace {

constexpr std::string_view kF32 = "cpu.depthwise.f32";
constexpr std::string_view kRows = "cpu.depthwise.rows";
constexpr std::string_view kPlanes = "cpu.depthwise.planes";

Layout image(Dims dims, DataType dtype = DataType::kF32) {
  return {.dims = std::move(dims), .dtype = dtype, .order = Order::kChannelsLast};
}
Layout constant(Dims dims, DataType dtype = DataType::kF32) {
  return {.dims = std::move(dims), .dtype = dtype, .constant = true};
}
/// A depthwise convolution of `channels` with a kernel of k x k, padded to keep the size at stride 1.
Case depthwise(std::int64_t channels, std::int64_t k, std::int64_t stride, Dims size) {
  const std::int64_t pad = k / 2;
  const Conv conv{.strides = {stride, stride}, .pads = {pad, pad, pad, pad}, .groups = channels};
  return {.op = Op(conv),
          .inputs = {image({2, channels, size[0], size[1]}), constant({channels, 1, k, k}), constant({channels})},
          .outputs = {image({})}};
}

TEST(Depthwise, ChannelCountsAroundTheVectors) {
  for (const std::int64_t channels : {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 100}) {
    const Case test = depthwise(channels, 3, 1, {5, 9});
    expect_tactic(test, kF32);
    expect_tactic(test, kRows);
    if (HasFailure()) return;
  }
}

TEST(Depthwise, WidthsAroundTheBlockOfColumns) {
  for (const std::int64_t width : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 29}) {
    for (const std::int64_t k : {3, 5, 7}) {
      expect_tactic(depthwise(40, k, 1, {3, width}), kF32);
      expect_tactic(depthwise(40, k, 2, {4, width}), kF32);
      if (HasFailure()) return;
    }
  }
}

TEST(Depthwise, RowMajorPlanesOfEveryWidthStrideAndDilation) {
  const auto rows = [](Dims dims) { return Layout{.dims = std::move(dims)}; };
  for (const std::int64_t width : {1, 2, 5, 8, 15, 16, 17, 31, 33, 64, 65, 130}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      Case test = depthwise(5, 3, stride, {11, width});
      test.inputs[0] = rows({2, 5, 11, width});
      test.outputs = {rows({})};
      expect_tactic(test, kPlanes);
      if (HasFailure()) return;
    }
  }
  Case test = depthwise(6, 3, 1, {90, 150});
  Conv conv{.strides = {2, 1}, .pads = {3, 0, 1, 5}, .dilations = {3, 2}, .groups = 6};
  conv.epilogue = *Expr::parse("t0=max(x0,0);min(t0,6)", 1);
  test.op = Op(conv);
  test.inputs[0] = rows({2, 6, 90, 150});
  test.inputs[0].gap = 3;
  test.outputs = {rows({})};
  test.outputs[0].gap = 2;
  expect_tactic(test, kPlanes);
  test.op = Op(Conv{.strides = {3}, .pads = {2, 2}, .dilations = {2}, .groups = 20});
  test.inputs = {rows({2, 20, 31}), constant({20, 1, 4}), constant({20})};
  expect_tactic(test, kPlanes);
}

TEST(Depthwise, DilationUnevenPaddingAndOneDim) {
  Case test = depthwise(20, 3, 1, {9, 11});
  test.op = Op(Conv{.strides = {2, 1}, .pads = {3, 0, 1, 5}, .dilations = {3, 2}, .groups = 20});
  expect_tactic(test, kF32);
  expect_tactic(test, kRows);
  test.op = Op(Conv{.strides = {3}, .pads = {2, 2}, .dilations = {2}, .groups = 20});
  test.inputs = {image({2, 20, 31}), constant({20, 1, 4}), constant({20})};
  expect_tactic(test, kF32);
}

TEST(Depthwise, ManyChannelsCutTheWeights) { expect_tactic(depthwise(700, 7, 1, {8, 8}), kF32); }

TEST(Depthwise, ResidualAndClampRunInRegisters) {
  Conv conv{.pads = {1, 1, 1, 1}, .groups = 37};
  conv.epilogue = *Expr::parse("t0=add(x0,x1);t1=max(t0,0);min(t1,6)", 2);
  Case test = depthwise(37, 3, 1, {6, 7});
  test.op = Op(conv);
  Layout residual = image({2, 37, 6, 7});
  residual.gap = 3;
  test.inputs.push_back(residual);
  expect_tactic(test, kF32);
  expect_tactic(test, kRows);
  test.inputs.back() = {.dims = {37, 1, 1}};
  expect_tactic(test, kRows);
}

TEST(Depthwise, OtherEpiloguesAndSeveralOutputsOfAChannelRunByRows) {
  Conv conv{.pads = {1, 1, 1, 1}, .groups = 37};
  conv.epilogue = *Expr::parse("t0=sigmoid(x0);mul(x0,t0)", 1);
  Case test = depthwise(37, 3, 1, {20, 17});
  test.op = Op(conv);
  test.rounding = 64;
  expect_tactic(test, kRows);
  for (const std::int64_t multiplier : {2, 3}) {
    test = depthwise(21, 3, 2, {9, 8});
    test.inputs[1] = constant({21 * multiplier, 1, 3, 3});
    test.inputs[2] = constant({21 * multiplier});
    expect_tactic(test, kRows);
  }
}

TEST(Depthwise, SlicesOfWiderPixels) {
  Case test = depthwise(33, 3, 1, {5, 8});
  test.inputs[0].gap = 31;
  test.inputs[0].offset = 7;
  test.outputs[0].gap = 5;
  expect_tactic(test, kF32);
  expect_tactic(test, kRows);
}

TEST(Depthwise, FloatsStayWithinTheBound) {
  Case test = depthwise(48, 5, 1, {14, 14});
  for (Layout& input : test.inputs) input.fill = Fill::kNormal;
  test.rounding = 30;
  expect_tactic(test, kF32);
  expect_tactic(test, kRows);
}

TEST(Depthwise, IntegersAreExactWithZeroPointsAndRequantisation) {
  for (const DataType type : {DataType::kU8, DataType::kI8}) {
    for (const std::int64_t stride : {1, 2}) {
      Conv conv{.strides = {stride, stride}, .pads = {1, 1, 1, 1}, .groups = 45, .x_zero = 3, .w_zero = -1};
      conv.out = DataType::kI32;
      Case test = {.op = Op(conv),
                   .inputs = {image({2, 45, 19, 11}, type), constant({45, 1, 3, 3}, DataType::kI8),
                              constant({45}, DataType::kI32)},
                   .outputs = {image({})}};
      test.inputs[0].fill = Fill::kFullRange;
      test.inputs[1].fill = Fill::kFullRange;
      expect_tactic(test, kRows);
      conv.out = type;
      conv.epilogue = *Expr::parse("t0=mul(x0,x1);add(t0,5)", 2);
      test.op = Op(conv);
      test.inputs.push_back({.dims = {45, 1, 1}, .constant = true, .fill = Fill::kNormal});
      expect_tactic(test, kRows);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace bolide::test
