#include "backend/cpu/tactic_harness.h"
#include "ops/conv_transpose.h"

namespace bolide::test {
namespace {

constexpr std::string_view kDeconv = "cpu.deconv.f32";

Layout image(Dims dims) { return {.dims = std::move(dims), .order = Order::kChannelsLast}; }
Layout weights(Dims dims) { return {.dims = std::move(dims), .constant = true}; }

Case deconv_case(ConvTranspose op, Layout x, Layout w, bool bias = true) {
  Layout b{.absent = true};
  if (bias) b = Layout{.dims = {w.dims[1] * op.groups}, .constant = true};
  return {.op = Op(std::move(op)), .inputs = {std::move(x), std::move(w), std::move(b)}, .outputs = {image({})}};
}
ConvTranspose with_epilogue(std::string_view expr, int inputs) {
  ConvTranspose op{.strides = {2, 2}, .pads = {1, 1, 1, 1}, .output_padding = {1, 0}};
  op.epilogue = *Expr::parse(expr, inputs);
  return op;
}

TEST(Deconv, StridesWithKernelsSmallerAndLarger) {
  for (const std::int64_t stride : {1, 2, 3}) {
    for (const std::int64_t kernel : {1, 2, 3, 4, 5}) {
      for (const std::int64_t across : {1, 3}) {
        const ConvTranspose op{.strides = {stride, across}};
        expect_tactic(deconv_case(op, image({2, 5, 4, 6}), weights({5, 9, kernel, 2})), kDeconv);
        expect_tactic(deconv_case(op, image({1, 3, 5, 3}), weights({3, 4, kernel, 4}), false), kDeconv);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(Deconv, PaddingAndOutputPadding) {
  for (const std::int64_t stride : {2, 3}) {
    for (const std::int64_t before : {-2, 0, 1, 2}) {
      const ConvTranspose op{.strides = {stride, stride}, .pads = {before, 1, 0, 2}, .output_padding = {1, stride - 1}};
      expect_tactic(deconv_case(op, image({2, 6, 5, 7}), weights({6, 10, 4, 3})), kDeconv);
      if (HasFailure()) return;
    }
  }
}

TEST(Deconv, SamePaddingOfKernelsSmallerThanTheStride) {
  for (const AutoPad pad : {AutoPad::kSameUpper, AutoPad::kSameLower}) {
    for (const std::int64_t kernel : {1, 2, 3, 4}) {
      const ConvTranspose op{.strides = {3, 2}, .auto_pad = pad};
      expect_tactic(deconv_case(op, image({1, 6, 5, 4}), weights({6, 3, kernel, kernel})), kDeconv);
      if (HasFailure()) return;
    }
  }
}

TEST(Deconv, DilationsThatShareFactorsWithTheStrideOrNot) {
  for (const std::int64_t dilation : {2, 3, 4}) {
    for (const std::int64_t stride : {1, 2, 3, 4}) {
      const ConvTranspose op{.strides = {stride, 2}, .pads = {1, 0, 2, 1}, .dilations = {dilation, 3}};
      expect_tactic(deconv_case(op, image({1, 4, 5, 6}), weights({4, 7, 3, 2})), kDeconv);
      if (HasFailure()) return;
    }
  }
}

TEST(Deconv, TapsThatOnlyReachThePadding) {
  const ConvTranspose op{.strides = {2, 2}, .pads = {6, 6, 6, 6}, .dilations = {5, 5}};
  expect_tactic(deconv_case(op, image({1, 4, 4, 3}), weights({4, 5, 3, 3})), kDeconv);
}

TEST(Deconv, OneAndThreeSpatialDims) {
  const ConvTranspose one{.strides = {3}, .pads = {1, 2}, .output_padding = {1}};
  expect_tactic(deconv_case(one, image({2, 3, 17}), weights({3, 5, 4})), kDeconv);
  const ConvTranspose three{.strides = {2, 3, 2}, .pads = {1, 0, 1, 0, 1, 0}, .output_padding = {1, 0, 1}};
  expect_tactic(deconv_case(three, image({2, 3, 3, 4, 5}), weights({3, 5, 3, 2, 4})), kDeconv);
  expect_tactic(deconv_case(three, image({1, 2, 2, 3, 2}), weights({2, 17, 2, 4, 1})), kDeconv);
}

TEST(Deconv, GroupsOfAnySize) {
  for (const std::int64_t groups : {2, 3, 6}) {
    ConvTranspose op{.strides = {2, 2}, .pads = {1, 1, 1, 1}};
    op.groups = groups;
    expect_tactic(deconv_case(op, image({2, 6, 5, 4}), weights({6, 18 / groups, 4, 3})), kDeconv);
  }
  ConvTranspose op{.strides = {2, 2}};
  op.groups = 5;
  expect_tactic(deconv_case(op, image({1, 5, 4, 4}), weights({5, 1, 4, 4}), false), kDeconv);
  expect_tactic(deconv_case(op, {.dims = {1, 5, 4, 4}}, weights({5, 1, 4, 4})), kDeconv);  // planes of one channel
}

TEST(Deconv, ChannelsAroundTheTile) {
  for (const std::int64_t out : {1, 7, 8, 9, 16, 17, 31, 32, 33, 65}) {
    const ConvTranspose op{.strides = {2, 2}};
    expect_tactic(deconv_case(op, image({1, 5, 3, 17}), weights({5, out, 3, 3})), kDeconv);
    if (HasFailure()) return;
  }
}

TEST(Deconv, ReadsAndWritesSlicesOfLargerBuffers) {
  const ConvTranspose op{.strides = {2, 2}, .pads = {1, 1, 1, 1}};
  Case test = deconv_case(op, image({2, 7, 6, 5}), weights({7, 35, 4, 4}));
  test.inputs[0].gap = 3;
  test.inputs[0].offset = 2;
  test.outputs[0].gap = 9;
  test.outputs[0].offset = 4;
  expect_tactic(test, kDeconv);
  test.inputs[0].repeated = {0};  // one image for the whole batch
  expect_tactic(test, kDeconv);
}

TEST(Deconv, ManyThreadsCutTheSameResult) {
  Case test = deconv_case({.strides = {2, 2}, .pads = {1, 1, 1, 1}}, image({1, 16, 7, 7}), weights({16, 130, 4, 4}));
  test.threads = 4;
  expect_tactic(test, kDeconv);
  test = deconv_case({.strides = {3, 2}}, image({3, 3, 13, 11}), weights({3, 40, 2, 3}));
  test.threads = 4;
  expect_tactic(test, kDeconv);
}

TEST(Deconv, WeightsAndResultsBeyondTheCache) {
  expect_tactic(deconv_case({.strides = {2, 2}}, image({1, 256, 3, 4}), weights({256, 136, 4, 4})), kDeconv);
  expect_tactic(deconv_case({.strides = {2, 2}}, image({1, 2, 12, 200}), weights({2, 70, 2, 3})), kDeconv);
}

TEST(Deconv, EpiloguesOnTheTile) {
  for (const std::string_view expr : {"max(x0,0)", "t0=max(x0,0);min(t0,6)"}) {
    expect_tactic(deconv_case(with_epilogue(expr, 1), image({1, 4, 5, 7}), weights({4, 37, 3, 3})), kDeconv);
  }
  for (const std::string_view expr : {"add(x0,x1)", "t0=add(x1,x0);max(t0,0)"}) {
    Case test = deconv_case(with_epilogue(expr, 2), image({2, 4, 5, 7}), weights({4, 37, 3, 3}));
    Layout residual = image({2, 37, 10, 13});
    residual.gap = 5;
    residual.offset = 3;
    test.inputs.push_back(residual);
    expect_tactic(test, kDeconv);
  }
}

TEST(Deconv, OtherEpiloguesRunOverStrips) {
  Case test = deconv_case(with_epilogue("t0=mul(x0,x1);t1=add(t0,x2);t2=max(t1,x3);t3=add(t2,x4);mul(t3,2)", 5),
                          image({2, 4, 5, 7}), weights({4, 37, 3, 3}));
  test.inputs.push_back({.dims = {37, 1, 1}});      // a factor a channel
  test.inputs.push_back({.dims = {2, 1, 10, 13}});  // a number a pixel
  test.inputs.push_back({.dims = {}});              // a number
  test.inputs.push_back({.dims = {13}});            // a number a column
  expect_tactic(test, kDeconv);
}

TEST(Deconv, EpiloguesOfOneAndThreeSpatialDims) {
  ConvTranspose one{.strides = {3}};
  one.epilogue = *Expr::parse("t0=add(x0,x1);max(t0,0)", 2);
  Case test = deconv_case(one, image({2, 3, 4}), weights({3, 5, 2}));
  test.inputs.push_back(image({2, 5, 11}));
  expect_tactic(test, kDeconv);
  ConvTranspose three{.strides = {2, 1, 3}};
  three.epilogue = one.epilogue;
  test = deconv_case(three, image({2, 3, 2, 3, 2}), weights({3, 5, 2, 2, 2}));
  test.inputs.push_back(image({2, 5, 4, 4, 5}));
  expect_tactic(test, kDeconv);
}

TEST(Deconv, WritesOtherTypes) {
  for (const DataType type : {DataType::kU8, DataType::kI8, DataType::kF16}) {
    ConvTranspose op = with_epilogue("mul(x0,0.25)", 1);
    op.out = type;
    expect_tactic(deconv_case(op, image({1, 4, 5, 7}), weights({4, 37, 3, 3})), kDeconv);
  }
}

TEST(Deconv, FloatsStayWithinTheBound) {
  Case test = deconv_case({.strides = {2, 2}, .pads = {1, 1, 1, 1}}, image({1, 67, 9, 9}), weights({67, 45, 4, 4}));
  for (Layout& input : test.inputs) input.fill = Fill::kNormal;
  test.rounding = 67 * 4 + 2;
  expect_tactic(test, kDeconv);
}

constexpr std::string_view kDepthwise = "cpu.deconv.depthwise.f32";

Case depthwise_case(ConvTranspose op, Layout x, std::vector<std::int64_t> kernel, bool bias = true) {
  Dims w = {x.dims[1], 1};
  w.insert(w.end(), kernel.begin(), kernel.end());
  op.groups = x.dims[1];
  return deconv_case(std::move(op), std::move(x), weights(std::move(w)), bias);
}

TEST(DeconvDepthwise, StridesKernelsAndDilations) {
  for (const std::int64_t stride : {1, 2, 3}) {
    for (const std::int64_t kernel : {1, 2, 3, 4, 7}) {
      for (const std::int64_t dilation : {1, 2, 3}) {
        const ConvTranspose op{.strides = {stride, 2}, .pads = {1, 0, -1, 1}, .dilations = {1, dilation}};
        expect_tactic(depthwise_case(op, image({2, 19, 4, 9}), {kernel, 3}), kDepthwise);
        const ConvTranspose across{.strides = {2, stride}, .dilations = {dilation, 1}};
        expect_tactic(depthwise_case(across, image({1, 5, 5, 8}), {2, kernel}, false), kDepthwise);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(DeconvDepthwise, PaddingOnEverySide) {
  for (const std::int64_t before : {-3, -1, 0, 2, 5}) {
    const ConvTranspose op{.strides = {2, 3}, .pads = {before, before, 2, 1}, .output_padding = {1, 2}};
    expect_tactic(depthwise_case(op, image({2, 33, 6, 7}), {4, 5}), kDepthwise);
  }
}

TEST(DeconvDepthwise, OneSpatialDimAndOneChannel) {
  expect_tactic(depthwise_case({.strides = {2}, .pads = {1, 1}}, image({2, 9, 11}), {4}), kDepthwise);
  expect_tactic(depthwise_case({.strides = {2, 2}}, image({2, 1, 5, 4}), {3, 3}), kDepthwise);
}

TEST(DeconvDepthwise, ResidualAndClampsInSlices) {
  ConvTranspose op{.strides = {2, 2}, .pads = {1, 1, 1, 1}};
  op.epilogue = *Expr::parse("t0=add(x0,x1);t1=max(t0,0);min(t1,6)", 2);
  Case test = depthwise_case(op, image({2, 70, 4, 5}), {4, 4});
  test.inputs[0].gap = 3;
  test.outputs[0].gap = 2;
  Layout residual = image({2, 70, 8, 10});
  residual.gap = 1;
  test.inputs.push_back(residual);
  expect_tactic(test, kDepthwise);
  test.inputs.back() = image({1, 70, 8, 10});  // one for the whole batch
  test.threads = 4;
  expect_tactic(test, kDepthwise);
}

TEST(Deconv, SaysWhyNot) {
  const Op op(ConvTranspose{.strides = {2, 2}});
  const Tensor w = *Tensor::allocate(DataType::kF32, {8, 4, 2, 2});
  Problem problem;
  problem.op = &op;
  problem.inputs.push_back({.dims = {1, 8, 4, 4}, .strides = {128, 16, 4, 1}});
  problem.inputs.push_back({.dims = {8, 4, 2, 2}, .strides = {16, 4, 2, 1}});
  problem.outputs.push_back({.dims = {1, 4, 8, 8}, .strides = {256, 1, 32, 4}});
  const CpuBackend backend;
  const Tactic* tactic = backend.find_tactic(kDeconv);
  const auto reason = [&] { return tactic->accepts(problem, backend.target()).reason; };
  EXPECT_EQ(reason(), "the weights are not constant");
  problem.inputs[1].constant = &w;
  EXPECT_EQ(reason(), "the input's channels are not contiguous");
  problem.inputs[0].strides = {128, 1, 32, 8};
  EXPECT_EQ(reason(), "");
  problem.outputs[0].strides = {256, 64, 8, 1};
  EXPECT_EQ(reason(), "the output has a channel stride of 64; needs contiguous channels");
  problem.inputs[0].dtype = DataType::kU8;
  EXPECT_EQ(reason(), "x is u8 and w is f32; needs f32");
}

TEST(Deconv, DeclinesStridesOfMorePhasesThanItBinds) {
  const Op op(ConvTranspose{.strides = {40, 40}});
  const Tensor w = *Tensor::allocate(DataType::kF32, {1, 1, 40, 40});
  Problem problem;
  problem.op = &op;
  problem.inputs.push_back({.dims = {1, 1, 1, 1}, .strides = {1, 1, 1, 1}});
  problem.inputs.push_back({.dims = {1, 1, 40, 40}, .strides = {1600, 1600, 40, 1}, .constant = &w});
  problem.outputs.push_back({.dims = {1, 1, 40, 40}, .strides = {1600, 1, 40, 1}});
  const CpuBackend backend;
  EXPECT_EQ(backend.find_tactic(kDeconv)->accepts(problem, backend.target()).reason,
            "the strides make 1600 phases; at most 1024");
}

}  // namespace
}  // namespace bolide::test
