#include "ops/conv.h"
#include "backend/cpu/tactic_harness.h"

namespace bolide::test {
namespace {

constexpr std::string_view kRows = "cpu.conv.f32.rows";
constexpr std::string_view kStrip = "cpu.conv.f32.strip";

Layout image(Dims dims) { return {.dims = std::move(dims), .order = Order::kChannelsLast}; }
Layout planes(Dims dims) { return {.dims = std::move(dims)}; }
Layout weights(Dims dims) { return {.dims = std::move(dims), .constant = true}; }
const Layout kNone{.absent = true};

Case conv_case(Conv conv, Layout x, Layout w, bool bias = true) {
  Layout b = bias ? Layout{.dims = {w.dims[0]}, .constant = true} : kNone;
  return {.op = Op(std::move(conv)), .inputs = {std::move(x), std::move(w), std::move(b)}, .outputs = {image({})}};
}
Conv padded(std::int64_t pad) { return {.pads = {pad, pad, pad, pad}}; }
Conv with_epilogue(std::string_view expr, int inputs) {
  Conv conv;
  conv.epilogue = *Expr::parse(expr, inputs);
  return conv;
}

TEST(Conv, PointwiseEqualsTheReferenceForSizesAroundTheTile) {
  for (const std::int64_t pixels : {1, 3, 4, 5, 6, 7, 13, 14, 15, 29}) {
    for (const std::int64_t out : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
      expect_tactic(conv_case({}, image({1, 5, 1, pixels}), weights({out, 5, 1, 1})), kRows);
      if (HasFailure()) return;
    }
  }
}

TEST(Conv, KernelsWithPaddingStrideAndDilation) {
  for (const std::int64_t kernel : {2, 3, 5}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t dilation : {1, 2}) {
        const Conv conv{.strides = {stride, 1}, .pads = {1, 2, 3, 0}, .dilations = {dilation, 1}};
        const Case test = conv_case(conv, image({2, 6, 11, 9}), weights({10, 6, kernel, 3}));
        expect_tactic(test, kRows);
        expect_tactic(test, kStrip);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(Conv, WeightsThatAreComputedArePackedAtEveryRun) {
  for (const std::string_view tactic : {kRows, kStrip}) {
    expect_tactic(conv_case(padded(1), image({2, 6, 5, 9}), planes({10, 6, 3, 3})), tactic);
    expect_tactic(conv_case({}, image({1, 5, 1, 7}), planes({33, 5, 1, 1}), false), tactic);
  }
  Conv grouped = padded(1);
  grouped.groups = 3;
  expect_tactic(conv_case(grouped, image({2, 6, 5, 9}), planes({9, 2, 3, 3})), kRows);
}

TEST(Conv, DilationAcrossAndWindowsWiderThanTheImage) {
  expect_tactic(conv_case({.pads = {2, 4, 2, 4}, .dilations = {2, 4}}, image({1, 4, 5, 3}), weights({9, 4, 3, 3})),
                kStrip);
  expect_tactic(conv_case({.pads = {2, 4, 2, 4}, .dilations = {2, 4}}, image({1, 4, 5, 3}), weights({9, 4, 3, 3})),
                kRows);
}

TEST(Conv, OneAndThreeSpatialDims) {
  expect_tactic(conv_case({.strides = {2}, .pads = {1, 1}}, image({2, 3, 17}), weights({5, 3, 3})), kRows);
  expect_tactic(conv_case({.pads = {1, 0, 1, 1, 1, 0}}, image({2, 3, 4, 5, 6}), weights({5, 3, 3, 2, 3})), kRows);
  expect_tactic(conv_case({.pads = {1, 0, 1, 1, 1, 0}}, image({2, 3, 4, 5, 6}), weights({5, 3, 3, 2, 3})), kStrip);
}

TEST(Conv, ReadsPlanesForAFirstLayer) {
  for (const std::int64_t channels : {1, 2, 3, 4}) {
    expect_tactic(conv_case({.strides = {2, 2}, .pads = {3, 3, 3, 3}}, planes({1, channels, 21, 17}),
                            weights({13, channels, 7, 7})),
                  kStrip);
  }
}

TEST(Conv, GroupsOfAnySize) {
  for (const std::int64_t groups : {2, 3, 6}) {
    Conv conv = padded(1);
    conv.groups = groups;
    expect_tactic(conv_case(conv, image({1, 6, 5, 6}), weights({12, 6 / groups, 3, 3})), kRows);
  }
}

TEST(Conv, GroupsOfOneChannelReadPlanes) {
  Conv conv = padded(1);
  conv.groups = 6;
  expect_tactic(conv_case(conv, planes({2, 6, 5, 6}), weights({18, 1, 3, 3})), kRows);
}

TEST(Conv, ReadsAndWritesSlicesOfLargerBuffers) {
  Case test = conv_case(padded(1), image({2, 7, 6, 5}), weights({35, 7, 3, 3}));
  test.inputs[0].gap = 3;
  test.inputs[0].offset = 2;
  test.outputs[0].gap = 9;
  expect_tactic(test, kRows);
  test.inputs[0].repeated = {0};  // one image for the whole batch
  expect_tactic(test, kRows);
}

TEST(Conv, ManyThreadsCutTheSameResult) {
  Case test = conv_case(padded(1), image({1, 16, 7, 7}), weights({130, 16, 3, 3}));
  test.threads = 4;
  expect_tactic(test, kRows);
  test = conv_case(padded(1), planes({2, 3, 33, 35}), weights({40, 3, 3, 3}));
  test.threads = 4;
  expect_tactic(test, kStrip);
}

TEST(Conv, EpiloguesOnTheTile) {
  for (const std::string_view expr : {"max(x0,0)", "t0=max(x0,0);min(t0,6)"}) {
    expect_tactic(conv_case(with_epilogue(expr, 1), image({1, 4, 5, 7}), weights({37, 4, 1, 1})), kRows);
  }
  for (const std::string_view expr : {"add(x0,x1)", "t0=add(x1,x0);max(t0,0)"}) {
    Case test = conv_case(with_epilogue(expr, 2), image({1, 4, 5, 7}), weights({37, 4, 1, 1}));
    Layout residual = image({1, 37, 5, 7});
    residual.gap = 5;
    test.inputs.push_back(residual);
    expect_tactic(test, kRows);
  }
}

TEST(Conv, OtherEpiloguesRunOverStrips) {
  Case test = conv_case(with_epilogue("t0=mul(x0,x1);t1=add(t0,x2);t2=max(t1,x3);mul(t2,2)", 4), image({2, 4, 5, 7}),
                        weights({37, 4, 1, 1}));
  test.inputs.push_back({.dims = {37, 1, 1}});    // a factor a channel
  test.inputs.push_back({.dims = {2, 1, 5, 7}});  // a number a pixel
  test.inputs.push_back({.dims = {}});            // a number
  expect_tactic(test, kRows);
}

TEST(Conv, SeveralResidualsAreAddedOnceEach) {
  for (const std::string_view expr :
       {"t0=add(x1,x0);add(x2,t0)", "t0=add(x0,x1);t1=add(t0,x2);max(t1,0)", "t0=add(x0,x1);t1=max(t0,0);add(t1,x2)"}) {
    Case test = conv_case(with_epilogue(expr, 3), image({1, 4, 5, 7}), weights({37, 4, 1, 1}));
    test.inputs.push_back(image({1, 37, 5, 7}));
    test.inputs.push_back(image({1, 37, 5, 7}));
    expect_tactic(test, kRows);
  }
}

TEST(Conv, WritesOtherTypes) {
  for (const DataType type : {DataType::kU8, DataType::kI8, DataType::kF16, DataType::kBF16}) {
    Conv conv = with_epilogue("mul(x0,0.25)", 1);
    conv.out = type;
    expect_tactic(conv_case(conv, image({1, 4, 5, 7}), weights({37, 4, 1, 1})), kRows);
  }
}

TEST(Conv, FloatsStayWithinTheBound) {
  Case test = conv_case(padded(1), image({1, 67, 9, 9}), weights({45, 67, 3, 3}));
  for (Layout& input : test.inputs) input.fill = Fill::kNormal;
  test.rounding = 67 * 9 + 2;
  expect_tactic(test, kRows);
  expect_tactic(test, kStrip);
}

constexpr std::string_view kRowsI8 = "cpu.conv.i8.rows";
constexpr std::string_view kStripI8 = "cpu.conv.i8.strip";

Case integer_case(Conv conv, DataType x_type, Layout x, Layout w) {
  Case test = conv_case(std::move(conv), std::move(x), std::move(w));
  test.inputs[0].dtype = x_type;
  test.inputs[0].fill = Fill::kFullRange;
  test.inputs[1].dtype = DataType::kI8;
  test.inputs[1].fill = Fill::kFullRange;
  test.inputs[2].dtype = DataType::kI32;
  return test;
}

TEST(ConvI8, SumsAreExactForSizesAroundTheTile) {
  for (const DataType type : {DataType::kU8, DataType::kI8}) {
    for (const std::int64_t channels : {1, 2, 3, 4, 5, 8, 13}) {
      for (const std::int64_t out : {1, 9, 16, 17, 33}) {
        Conv conv = padded(1);
        conv.out = DataType::kI32;
        conv.x_zero = type == DataType::kU8 ? 131 : -7;
        const Case test = integer_case(conv, type, image({1, channels, 4, 7}), weights({out, channels, 3, 3}));
        expect_tactic(test, kRowsI8);
        expect_tactic(test, kStripI8);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(ConvI8, ReadsPlanesForAFirstLayer) {
  Conv conv{.strides = {2, 2}, .pads = {3, 3, 3, 3}};
  conv.out = DataType::kI32;
  conv.x_zero = 114;
  expect_tactic(integer_case(conv, DataType::kU8, planes({2, 3, 19, 23}), weights({20, 3, 7, 7})), kStripI8);
}

TEST(ConvI8, GroupsAndSlices) {
  Conv conv = padded(1);
  conv.groups = 3;
  conv.out = DataType::kI32;
  Case test = integer_case(conv, DataType::kU8, image({2, 15, 5, 6}), weights({12, 5, 3, 3}));
  test.inputs[0].gap = 3;
  test.inputs[0].offset = 5;
  test.outputs[0].gap = 2;
  expect_tactic(test, kRowsI8);
}

TEST(ConvI8, UnsignedWeightsWithAZeroPointThatFits) {
  Conv conv;
  conv.out = DataType::kI32;
  conv.w_zero = 128;
  Case test = integer_case(conv, DataType::kU8, image({1, 6, 5, 6}), weights({12, 6, 1, 1}));
  test.inputs[1].dtype = DataType::kU8;
  expect_tactic(test, kRowsI8);
}

/// Scales are powers of two, so that the combined constants are exact and ties stay ties.
Case requantised(std::string_view expr, int inputs, DataType type) {
  Conv conv = with_epilogue(expr, inputs);
  conv.out = type;
  conv.x_zero = 3;
  Case test = integer_case(conv, DataType::kU8, image({1, 6, 5, 6}), weights({37, 6, 1, 1}));
  test.inputs[0].fill = Fill::kSmallIntegers;
  test.inputs[1].fill = Fill::kSmallIntegers;
  return test;
}

TEST(ConvI8, RequantisesOnTheTile) {
  for (const DataType type : {DataType::kU8, DataType::kI8, DataType::kF32}) {
    for (const std::string_view expr :
         {"x0", "t0=mul(x0,0.5);t1=div(t0,4);t2=round(t1);add(t2,5)",
          "t0=mul(x0,0.5);t1=max(t0,0);t2=div(t1,4);add(t2,5)",
          "t0=mul(x0,0.5);t1=max(t0,0);t2=min(t1,6);t3=div(t2,0.25);t4=round(t3);sub(t4,3)"}) {
      expect_tactic(requantised(expr, 1, type), kRowsI8);
    }
  }
}

TEST(ConvI8, RequantisesWithAResidual) {
  for (const DataType type : {DataType::kU8, DataType::kI8}) {
    Case test = requantised(
        "t0=mul(x0,0.5);t1=sub(x1,7);t2=mul(t1,0.25);t3=add(t0,t2);t4=max(t3,0);t5=div(t4,2);t6=round(t5);add(t6,1)", 2,
        type);
    Layout residual = image({1, 37, 5, 6});
    residual.dtype = type;
    residual.gap = 4;
    residual.fill = Fill::kFullRange;
    test.inputs.push_back(residual);
    expect_tactic(test, kRowsI8);
  }
}

TEST(ConvI8, QuantisesTheSumBeforeItAddsAResidual) {
  for (const DataType type : {DataType::kU8, DataType::kI8, DataType::kF32}) {
    Case test = requantised(
        "t0=mul(x0,0.0625);t1=round(t0);t2=add(t1,5);t3=max(t2,0);t4=min(t3,9);t5=sub(t4,5);t6=mul(t5,0.5);"
        "t7=sub(x1,7);t8=mul(t7,0.25);t9=add(t6,t8);t10=max(t9,0);t11=div(t10,2);t12=round(t11);add(t12,1)",
        2, type);
    Layout residual = image({1, 37, 5, 6});
    residual.dtype = DataType::kU8;
    residual.fill = Fill::kFullRange;
    test.inputs.push_back(residual);
    expect_tactic(test, kRowsI8);
  }
}

TEST(ConvI8, ScalesAChannelAndEpiloguesOfOtherForms) {
  Case test = requantised("t0=mul(x0,x1);t1=add(t0,x2);t2=round(t1);add(t2,2)", 3, DataType::kU8);
  test.inputs.push_back({.dims = {37, 1, 1}, .constant = true});
  test.inputs.push_back({.dims = {1, 37, 1, 1}, .constant = true});
  expect_tactic(test, kRowsI8);
  test.inputs[3].constant = false;  // known at run time only: over strips
  expect_tactic(test, kRowsI8);
  test = requantised("t0=abs(x0);mul(t0,0.5)", 1, DataType::kI8);
  expect_tactic(test, kRowsI8);
}

TEST(Conv, SaysWhyNot) {
  const Case test = conv_case({}, planes({1, 8, 4, 4}), weights({8, 8, 1, 1}));
  Problem problem;
  problem.op = &test.op;
  for (const Layout& input : test.inputs) {
    problem.inputs.push_back({.dtype = input.dtype, .dims = input.dims, .strides = strides_of(input)});
  }
  problem.outputs.push_back({.dims = {1, 8, 4, 4}, .strides = {128, 1, 32, 8}});
  const CpuBackend backend;
  const Tactic* rows = backend.find_tactic(kRows);
  EXPECT_EQ(rows->accepts(problem, backend.target()).reason, "the input's channels are not contiguous");
  problem.inputs[0].strides = {128, 1, 32, 8};
  problem.inputs[1].strides[0] = 9;
  EXPECT_EQ(rows->accepts(problem, backend.target()).reason, "the weights are neither constant nor contiguous f32");
}

}  // namespace
}  // namespace bolide::test
