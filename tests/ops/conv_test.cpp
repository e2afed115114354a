#include "ops/conv.h"

#include "ops/conv_transpose.h"
#include "run_op.h"

#include <random>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

TEST(Conv, SumsTheWindowUnderTheKernel) {
  const auto y = run(Conv{}, {counting({1, 1, 3, 3}), make({1, 1, 2, 2}, {1, 2, 3, 4})});
  EXPECT_EQ(dims(y), (Dims{1, 1, 2, 2}));
  EXPECT_EQ(numbers(y), (Numbers{27, 37, 57, 67}));
}

TEST(Conv, AddsTheBiasOfEachOutputChannel) {
  const auto y = run(Conv{}, {make({1, 1, 2}, {1, 2}), make({2, 1, 1}, {1, -1}), make({2}, {10, 20})});
  EXPECT_EQ(numbers(y), (Numbers{11, 12, 19, 18}));
}

TEST(Conv, KernelAsLargeAsTheInputGivesOneNumber) {
  const auto y = run(Conv{}, {counting({1, 2, 2, 2}), make({1, 2, 2, 2}, {1, 1, 1, 1, 2, 2, 2, 2})});
  EXPECT_EQ(dims(y), (Dims{1, 1, 1, 1}));
  EXPECT_EQ(numbers(y), (Numbers{0 + 1 + 2 + 3 + 2 * (4 + 5 + 6 + 7)}));
}

TEST(Conv, StrideMayExceedTheKernel) {
  const auto y = run(Conv{.strides = {3}}, {counting({1, 1, 8}), make({1, 1, 1}, {1})});
  EXPECT_EQ(numbers(y), (Numbers{0, 3, 6}));
}

TEST(Conv, PadsEachSideByItsOwnAmountAndDilates) {
  const auto y = run(Conv{.pads = {1, 0}, .dilations = {2}}, {make({1, 1, 4}, {1, 2, 3, 4}), make({1, 1, 2}, {1, 10})});
  EXPECT_EQ(numbers(y), (Numbers{20, 31, 42}));
}

TEST(Conv, GroupsSeeOnlyTheirChannels) {
  const auto y = run(Conv{.groups = 2}, {make({1, 2, 2}, {1, 2, 3, 4}), make({4, 1, 1}, {1, 2, 3, 4})});
  EXPECT_EQ(numbers(y), (Numbers{1, 2, 2, 4, 9, 12, 12, 16}));
}

TEST(Conv, SamePaddingPutsTheOddOneAtTheNamedSide) {
  const Tensor x = make({1, 1, 3}, {1, 2, 3});
  const Tensor w = make({1, 1, 2}, {1, 10});
  EXPECT_EQ(numbers(run(Conv{.auto_pad = AutoPad::kSameUpper}, {x, w})), (Numbers{21, 32, 3}));
  EXPECT_EQ(numbers(run(Conv{.auto_pad = AutoPad::kSameLower}, {x, w})), (Numbers{10, 21, 32}));
  EXPECT_EQ(numbers(run(Conv{.auto_pad = AutoPad::kValid}, {x, w})), (Numbers{21, 32}));
}

TEST(Conv, EmptyBatchGivesAnEmptyResult) {
  const auto y = run(Conv{}, {counting({0, 1, 3, 3}), make({2, 1, 1, 1}, {1, 2})});
  EXPECT_EQ(dims(y), (Dims{0, 2, 3, 3}));
}

TEST(Conv, BytesAreExactAndPaddingIsTheZeroPoint) {
  const Conv conv{.pads = {1, 1}, .x_zero = 128, .w_zero = 1, .out = DataType::kI32};
  const Tensor x = make<std::uint8_t>({1, 1, 3}, {0, 255, 128});
  const Tensor w = make<std::int8_t>({1, 1, 3}, {-128, 127, 1});
  const Tensor bias = make<std::int32_t>({1}, {1000});
  EXPECT_EQ(numbers(run(conv, {x, w, bias})),
            (Numbers{1000 + -128 * 126 + 127 * 0, 1000 + -128 * -129 + 127 * 126, 1000 + 127 * -129}));
}

TEST(Conv, EpilogueRequantisesRoundingHalfToEvenAndSaturating) {
  Expr expr(2);  // acc * scale + 3
  expr.push(Fn::kAdd, expr.push(Fn::kMul, Expr::in(0), Expr::in(1)), Expr::number(3));
  const Conv conv{.epilogue = expr, .out = DataType::kU8};
  const Tensor x = make<std::uint8_t>({1, 1, 5}, {1, 3, 255, 0, 2});
  const Tensor w = make<std::int8_t>({1, 1, 1}, {1});
  const auto y = run(conv, {x, w, Tensor(), make({1, 1, 1}, {0.5F})}, 1, {2});
  EXPECT_EQ(numbers(y), (Numbers{4, 4, 130, 3, 4}));  // 3.5, 4.5, 130.5, 3, 4
  const auto wide = run(conv, {x, w, Tensor(), make({1}, {-10})}, 1, {2});
  EXPECT_EQ(numbers(wide), (Numbers{0, 0, 0, 3, 0}));
}

TEST(Conv, HalfPrecisionRoundsOnce) {
  const auto y = run(Conv{.out = DataType::kF16},
                     {make_as(DataType::kF16, {1, 2, 1}, {2048, 1}), make_as(DataType::kF16, {1, 2, 1}, {1, 1})});
  EXPECT_EQ(numbers(y), (Numbers{2048}));
  EXPECT_EQ((*y)[0].dtype(), DataType::kF16);
}

TEST(Conv, AgreesWithTheDefinitionOnRandomSizes) {
  std::mt19937 random(7);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<std::int64_t>(low, high)(random); };
  for (int round = 0; round < 60; ++round) {
    const std::int64_t groups = pick(1, 3), cg = pick(1, 3), og = pick(1, 7), n = pick(1, 2);
    const std::int64_t h = pick(4, 9), wd = pick(4, 40), kh = pick(1, 3), kw = pick(1, 3);
    const Conv conv{.strides = {pick(1, 3), pick(1, 2)},
                    .pads = {pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2)},
                    .dilations = {1, pick(1, 2)},
                    .groups = groups,
                    .out = DataType::kF64};
    Tensor x = *cast(counting({n, groups * cg, h, wd}), DataType::kF64);
    Tensor w = *cast(counting({groups * og, cg, kh, kw}), DataType::kF64);
    for (double& value : x.span<double>()) value = static_cast<double>(pick(-9, 9));
    for (double& value : w.span<double>()) value = static_cast<double>(pick(-9, 9));
    if (kh > h + conv.pads[0] + conv.pads[2] || (kw - 1) * conv.dilations[1] + 1 > wd + conv.pads[1]) continue;
    const auto y = run(conv, {x, w});
    ASSERT_TRUE(y) << y.error().message;
    const Dims d = dims(y);
    std::size_t at = 0;
    for (std::int64_t b = 0; b < n; ++b) {
      for (std::int64_t o = 0; o < d[1]; ++o) {
        for (std::int64_t i = 0; i < d[2]; ++i) {
          for (std::int64_t j = 0; j < d[3]; ++j) {
            double sum = 0;
            for (std::int64_t c = 0; c < cg; ++c) {
              for (std::int64_t p = 0; p < kh; ++p) {
                for (std::int64_t q = 0; q < kw; ++q) {
                  const std::int64_t r = i * conv.strides[0] - conv.pads[0] + p;
                  const std::int64_t s = j * conv.strides[1] - conv.pads[1] + q * conv.dilations[1];
                  if (r < 0 || r >= h || s < 0 || s >= wd) continue;
                  const std::int64_t plane = b * groups * cg + o / og * cg + c;
                  sum += x.span<double>()[static_cast<std::size_t>((plane * h + r) * wd + s)] *
                         w.span<double>()[static_cast<std::size_t>(((o * cg + c) * kh + p) * kw + q)];
                }
              }
            }
            ASSERT_EQ((*y)[0].span<double>()[at++], sum) << "round " << round;
          }
        }
      }
    }
  }
}

TEST(Conv, InfersNamedSizes) {
  const Conv stem{.strides = {2, 2}, .pads = {3, 3, 3, 3}};
  EXPECT_EQ(infer(stem, {"f32[batch,3,224,224]", "f32[64,3,7,7]"}), "f32[batch,64,112,112]");
  EXPECT_EQ(infer(stem, {"f32[batch,3,height,8]", "f32[64,3,7,7]"}),
            "f32[batch,64," + text((Dim("height") - 1).floor_div(2) + 1) + ",4]");
  EXPECT_EQ(infer(Conv{.auto_pad = AutoPad::kSameUpper}, {"f32[1,3,h,w]", "f32[8,3,3,3]"}), "f32[1,8,h,w]");
}

TEST(Conv, SaysWhichSizesDisagree) {
  EXPECT_EQ(infer(Conv{}, {"f32[1,3,8,8]", "f32[4,3,k,k]"}), "f32[1,4,conv,conv]");
  EXPECT_EQ(infer(ConvTranspose{}, {"f32[1,3,8,8]", "f32[3,4,k,k]"}), "f32[1,4,conv_transpose,conv_transpose]");
  EXPECT_EQ(infer(Conv{}, {"f32[1,3,8,8]", "f32[4,2,3,3]"}), "Conv: channels of x is 3, expected 2");
  EXPECT_EQ(infer(Conv{.groups = 2}, {"f32[1,4,8,8]", "f32[3,2,3,3]"}),
            "Conv: 3 output channels do not divide into 2 groups");
  EXPECT_EQ(infer(Conv{}, {"f32[1,1,2]", "f32[1,1,3]"}),
            "Conv: a window of 3 (kernel 3, dilation 1) is larger than the padded input 2+0+0");
  EXPECT_EQ(infer(Conv{.strides = {0}}, {"f32[1,1,2]", "f32[1,1,1]"}),
            "Conv: strides [0] must be between 1 and 2147483647");
  EXPECT_EQ(infer(Conv{.dilations = {1, 0}}, {"f32[1,1,2,2]", "f32[1,1,1,1]"}),
            "Conv: dilations [1,0] must be between 1 and 2147483647");
  EXPECT_EQ(infer(Conv{.pads = {1}}, {"f32[1,1,2]", "f32[1,1,1]"}), "Conv: pads has 1 numbers, expected 2");
  EXPECT_EQ(infer(Conv{.pads = {-1, 0}}, {"f32[1,1,2]", "f32[1,1,1]"}),
            "Conv: pads [-1,0] are negative; slice the input instead");
  EXPECT_EQ(infer(Conv{}, {"f32[1,1,2]", "f64[1,1,1]"}),
            "Conv: inputs are f32[1,1,2] and f64[1,1,1]; needs two equal float types or two integers of up to 8 bits");
  EXPECT_EQ(infer(Conv{}, {"f32[1,1,2]", "f32[1,1,1]", "f32[2]"}), "Conv: bias is 2, expected 1");
}

TEST(ConvTranspose, SpreadsEveryNumber) {
  const auto y = run(ConvTranspose{.strides = {2}}, {make({1, 1, 2}, {1, 2}), make({1, 1, 3}, {1, 10, 100})});
  EXPECT_EQ(dims(y), (Dims{1, 1, 5}));
  EXPECT_EQ(numbers(y), (Numbers{1, 10, 102, 20, 200}));
}

TEST(ConvTranspose, PaddingCutsAndOutputPaddingExtends) {
  const Tensor x = make({1, 1, 2}, {1, 2});
  const Tensor w = make({1, 1, 3}, {1, 10, 100});
  EXPECT_EQ(numbers(run(ConvTranspose{.strides = {2}, .pads = {1, 1}}, {x, w})), (Numbers{10, 102, 20}));
  EXPECT_EQ(numbers(run(ConvTranspose{.strides = {2}, .output_padding = {1}}, {x, w})),
            (Numbers{1, 10, 102, 20, 200, 0}));
  EXPECT_EQ(numbers(run(ConvTranspose{.strides = {2}, .pads = {-1, 1}}, {x, w})), (Numbers{0, 1, 10, 102, 20}));
}

TEST(ConvTranspose, SamePaddingFillsNoGapsBehindTheLastPosition) {
  const Tensor x = make({1, 1, 2}, {1, 2});
  const ConvTranspose same{.strides = {3}, .auto_pad = AutoPad::kSameUpper};
  EXPECT_EQ(numbers(run(same, {x, make({1, 1, 2}, {1, 10})})), (Numbers{1, 10, 0, 2, 20}));
  EXPECT_EQ(numbers(run(same, {x, make({1, 1, 4}, {1, 10, 100, 1000})})), (Numbers{1, 10, 100, 1002, 20, 200}));
  EXPECT_EQ(infer(same, {"f32[n,8,h]", "f32[8,3,1]"}), "f32[n,3,3*h-2]");
}

TEST(ConvTranspose, GroupsAndBias) {
  const auto y = run(ConvTranspose{.groups = 2},
                     {make({1, 2, 1}, {1, 2}), make({2, 2, 1}, {1, 10, 100, 1000}), make({4}, {1, 2, 3, 4})});
  EXPECT_EQ(numbers(y), (Numbers{2, 12, 203, 2004}));
}

TEST(ConvTranspose, InfersNamedSizes) {
  EXPECT_EQ(infer(ConvTranspose{.strides = {2, 2}}, {"f32[n,8,h,4]", "f32[8,3,2,2]"}), "f32[n,3,2*h,8]");
}

}  // namespace
}  // namespace bolide::testing
