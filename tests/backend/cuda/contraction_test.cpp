#include "backend/cuda/contraction_cases.h"
#include "backend/cuda/device_harness.h"
#include "ops/attention.h"
#include "ops/conv_transpose.h"
#include "ops/matmul.h"

#include <set>

namespace bolide::test {
namespace {

/// Which families of tactics ran, by the first parts of their names.
std::set<std::string> families(const std::vector<std::string>& names) {
  std::set<std::string> out;
  for (const std::string& name : names) out.insert(name.substr(0, name.find('.', name.find('.', 5) + 1)));
  return out;
}

TEST(CudaConv, EveryTacticGivesTheReferencesNumbers) {
  BOLIDE_NEEDS_DEVICE(device);
  const ConvCase cases[] = {
      {.n = 2, .c = 24, .h = 9, .w = 11, .o = 40},
      {.n = 1, .c = 64, .h = 13, .w = 10, .o = 72, .kernel_h = 1, .kernel_w = 1, .pad = 0, .residual = true},
      {.n = 3, .c = 72, .h = 14, .w = 15, .o = 136, .stride = 2, .residual = true},
      {.n = 2,
       .c = 136,
       .h = 12,
       .w = 12,
       .o = 64,
       .kernel_h = 1,
       .kernel_w = 1,
       .stride = 2,
       .pad = 0,
       .x_gap = 8,
       .y_gap = 16},
      {.n = 1,
       .c = 32,
       .h = 12,
       .w = 17,
       .o = 64,
       .kernel_h = 3,
       .kernel_w = 5,
       .pad = 2,
       .dilation = 2,
       .residual = true,
       .y_gap = 8},
      {.n = 5, .c = 200, .h = 7, .w = 7, .o = 264, .residual = true},
      {.n = 2, .c = 18, .h = 9, .w = 9, .o = 18, .residual = true},
      {.n = 2, .c = 36, .h = 9, .w = 9, .o = 36, .residual = true},
      {.n = 2, .c = 7, .h = 9, .w = 9, .o = 13, .residual = true},
      {.n = 2, .c = 32, .h = 9, .w = 9, .o = 64, .groups = 4},
      {.n = 1, .c = 72, .h = 9, .w = 9, .o = 72, .groups = 3, .residual = true},
      {.n = 1, .c = 20, .h = 1, .w = 5, .o = 6, .kernel_h = 1, .kernel_w = 1, .pad = 0},
      {.n = 1, .c = 512, .h = 7, .w = 7, .o = 64, .kernel_h = 1, .kernel_w = 1, .pad = 0, .x_gap = 16, .x_offset = 3},
      {.n = 4, .c = 64, .h = 1, .w = 1, .o = 1, .kernel_h = 1, .kernel_w = 1, .pad = 0},
      // More tiles than a device holds at once.
      {.n = 12, .c = 72, .h = 57, .w = 55, .o = 136, .kernel_h = 1, .kernel_w = 1, .pad = 0, .residual = true},
      {.n = 12, .c = 16, .h = 57, .w = 55, .o = 40},
  };
  std::set<std::string> seen;
  for (const DataType type : kTypes) {
    for (const ConvCase& c : cases) {
      SCOPED_TRACE(strings::join(name(type), " c ", c.c, " o ", c.o, " k ", c.kernel_h, " s ", c.stride));
      seen.merge(families(run_on_device(conv_case(c, type), device, true)));
    }
  }
  EXPECT_TRUE(seen.count("cuda.conv.pairs") > 0 || device->facts().capability < 80);
  EXPECT_TRUE(seen.count("cuda.gemm.mma") > 0 || device->facts().capability < 80);
  EXPECT_TRUE(seen.count("cuda.gemm.wgmma") > 0 || device->facts().capability != 90);
}

TEST(CudaConv, ImagesOfAFewChannels) {
  BOLIDE_NEEDS_DEVICE(device);
  const ConvCase cases[] = {
      {.n = 2, .c = 3, .h = 33, .w = 35, .o = 24, .stride = 1, .planar = true},
      {.n = 2, .c = 3, .h = 33, .w = 35, .o = 40, .kernel_h = 7, .kernel_w = 7, .stride = 2, .pad = 3, .planar = true},
      {.n = 1, .c = 3, .h = 40, .w = 40, .o = 33, .kernel_h = 6, .kernel_w = 6, .stride = 2, .pad = 2},
      {.n = 1, .c = 1, .h = 30, .w = 30, .o = 16, .kernel_h = 5, .kernel_w = 5, .stride = 2, .pad = 2, .planar = true},
      {.n = 2,
       .c = 3,
       .h = 32,
       .w = 48,
       .o = 100,
       .kernel_h = 16,
       .kernel_w = 16,
       .stride = 16,
       .pad = 0,
       .planar = true},
      {.n = 2, .c = 3, .h = 33, .w = 34, .o = 96, .kernel_h = 4, .kernel_w = 4, .stride = 4, .pad = 0, .planar = true},
  };
  std::set<std::string> seen;
  for (const DataType type : {DataType::kF16, DataType::kBF16}) {
    for (const ConvCase& c : cases) {
      SCOPED_TRACE(strings::join(name(type), " k ", c.kernel_h, " s ", c.stride, " o ", c.o));
      seen.merge(families(run_on_device(conv_case(c, type), device, false)));
    }
  }
  EXPECT_TRUE(device->facts().capability < 80 ||
              (seen.count("cuda.conv.stem") > 0 && seen.count("cuda.gemm.patches") > 0));
}

const ConvCase kDepthwise[] = {
    {.n = 2, .c = 24, .h = 9, .w = 11, .o = 24, .groups = 24, .residual = true},
    {.n = 2,
     .c = 40,
     .h = 13,
     .w = 12,
     .o = 40,
     .kernel_h = 5,
     .kernel_w = 5,
     .stride = 2,
     .pad = 2,
     .groups = 40,
     .x_gap = 8},
    {.n = 1, .c = 19, .h = 15, .w = 15, .o = 19, .pad = 2, .dilation = 2, .groups = 19},
    {.n = 1,
     .c = 16,
     .h = 15,
     .w = 15,
     .o = 16,
     .kernel_h = 7,
     .kernel_w = 7,
     .pad = 3,
     .groups = 16,
     .x_gap = 16,
     .x_offset = 2},
    {.n = 1, .c = 8, .h = 5, .w = 5, .o = 16, .groups = 8},
    {.n = 1,
     .c = 10,
     .h = 9,
     .w = 20,
     .o = 10,
     .kernel_h = 3,
     .kernel_w = 11,
     .pad = 5,
     .groups = 10,
     .residual = true},
    {.n = 1, .c = 16, .h = 12, .w = 12, .o = 16, .kernel_h = 11, .kernel_w = 11, .pad = 5, .groups = 16},
    {.n = 2, .c = 66, .h = 33, .w = 13, .o = 66, .kernel_h = 7, .kernel_w = 7, .pad = 3, .groups = 66, .y_gap = 2},
    {.n = 2, .c = 64, .h = 3, .w = 60, .o = 64, .kernel_h = 1, .kernel_w = 37, .pad = 0, .groups = 64},
};

TEST(CudaConv, DepthwiseOfAnyChannelsAndStrides) {
  BOLIDE_NEEDS_DEVICE(device);
  std::set<std::string> seen;
  for (const DataType type : kTypes) {
    for (const std::span<const ConvCase> cases :
         {std::span<const ConvCase>(kOddDepthwise), std::span<const ConvCase>(kDepthwise)}) {
      for (const ConvCase& c : cases) {
        SCOPED_TRACE(strings::join(name(type), " c ", c.c, " k ", c.kernel_h));
        seen.merge(families(run_on_device(conv_case(c, type), device, false)));
      }
    }
  }
  EXPECT_GT(seen.count("cuda.conv.depthwise"), 0U);
}

TEST(CudaConv, OneAndThreeSpatialDimsAndTransposed) {
  BOLIDE_NEEDS_DEVICE(device);
  for (const DataType type : kTypes) {
    Conv line;
    line.pads = {2, 2};
    line.out = type;
    run_on_device({.op = Op(line),
                   .inputs = {image({2, 16, 20}, type), constant({24, 16, 5}, type), plain({24}, type)},
                   .outputs = {image({}, type)}},
                  device, true);
    Conv volume;
    volume.out = type;
    volume.strides = {2, 1, 1};
    volume.pads = {1, 1, 1, 1, 1, 1};
    run_on_device({.op = Op(volume),
                   .inputs = {plain({1, 5, 6, 7, 8}, type), constant({9, 5, 3, 3, 3}, type), absent(type)},
                   .outputs = {plain({}, type)}},
                  device, true);
    ConvTranspose up;
    up.strides = {2, 3};
    up.pads = {1, 0, 0, 1};
    up.groups = 2;
    up.out = type;
    run_on_device({.op = Op(up),
                   .inputs = {image({2, 6, 5, 4}, type), constant({6, 4, 3, 4}, type), plain({8}, type)},
                   .outputs = {image({}, type)}},
                  device, true);
  }
}

TEST(CudaMatMul, ConstantsBatchesAndTransposedOperands) {
  BOLIDE_NEEDS_DEVICE(device);
  std::set<std::string> seen;
  for (const DataType type : kTypes) {
    const auto product = [&](Layout a, Layout b, std::vector<Layout> more = {}) {
      MatMul op;
      op.out = type;
      if (more.size() > 1) op.epilogue = relu_of_sum(static_cast<int>(more.size()) - 1);
      Case test{.op = Op(op), .inputs = {std::move(a), std::move(b)}, .outputs = {}};
      for (Layout& layout : more) test.inputs.push_back(std::move(layout));
      SCOPED_TRACE(strings::join(name(type), " ", text(test.op)));
      seen.merge(families(run_on_device(test, device, true)));
    };
    product(plain({2, 50, 64}, type), constant({64, 96}, type), {plain({96}, type), plain({2, 50, 96}, type)});
    product(plain({1, 2048}, type), constant({2048, 1000}, type), {plain({1000}, type)});
    product(plain({3, 70, 40}, type), constant({40, 24}, type));
    product(plain({2, 3, 33, 64}, type), plain({2, 3, 64, 40}, type));
    product(plain({2, 3, 33, 20}, type), plain({3, 20, 17}, type));
    Layout swapped = plain({2, 64, 48}, type);
    swapped.order = Order::kChannelsLast;  // dim 1 innermost: [k, n] with neighbouring k
    product(plain({2, 33, 64}, type), swapped);
    product(plain({40}, type), plain({40, 8}, type));
    product(plain({5, 40}, type), plain({40}, type));
    product(plain({130, 200}, type), constant({200, 136}, type),
            {absent(type), plain({136}, type), plain({130, 1}, type)});
  }
  EXPECT_GT(seen.count("cuda.gemm.simt"), 0U);
}

TEST(CudaMatMul, FunctionsOfTheSumAreRightToTheLastPlaceOf16Bits) {
  BOLIDE_NEEDS_DEVICE(device);
  for (const DataType type : {DataType::kF16, DataType::kBF16}) {
    for (const Fn fn : {Fn::kErf, Fn::kSigmoid, Fn::kTanh, Fn::kExp}) {
      SCOPED_TRACE(strings::join(name(type), " ", name(fn)));
      MatMul op;
      op.out = type;
      op.epilogue = Expr(1);
      const Expr::Arg scaled = op.epilogue.push(Fn::kMul, Expr::in(0), Expr::number(0.0625));
      const Expr::Arg most = op.epilogue.push(Fn::kMin, scaled, Expr::number(fn == Fn::kExp ? -0.0625 : 100));
      op.epilogue.push(fn, most);
      // Sums are whole numbers up to some hundreds; results lie in -1 .. 1, where neighbours are 2^-11 (2^-8) apart.
      Case test{.op = Op(op), .inputs = {plain({96, 64}, type), constant({64, 96}, type)}, .outputs = {}};
      test.absolute = type == DataType::kF16 ? 2.55e-4 : 2.05e-3;
      EXPECT_FALSE(run_on_device(test, device, false).empty());
    }
  }
}

TEST(CudaAttention, HeadsMasksAndCausality) {
  BOLIDE_NEEDS_DEVICE(device);
  std::set<std::string> seen;
  for (const DataType type : {DataType::kF16, DataType::kBF16}) {
    const auto heads = [&](Dims dims) {
      // [b, h, s, d] as it lies in [b, s, h, d]: dims 1 and 2 change places in memory, which a plain buffer shows too.
      Layout out = plain(std::move(dims), type);
      out.fill = Fill::kNormal;
      return out;
    };
    const auto attend = [&](Dims q, Dims k, Dims v, std::optional<Layout> mask, bool causal) {
      Attention op;
      op.scale = 0.125F;
      op.causal = causal;
      Case test{.op = Op(op), .inputs = {heads(std::move(q)), heads(std::move(k)), heads(std::move(v))}, .outputs = {}};
      if (mask) test.inputs.push_back(*mask);
      test.absolute = type == DataType::kF16 ? 4e-3 : 3e-2;
      seen.merge(families(run_on_device(test, device, false)));
    };
    attend({2, 3, 50, 64}, {2, 3, 50, 64}, {2, 3, 50, 64}, std::nullopt, false);
    attend({1, 2, 197, 64}, {1, 2, 197, 64}, {1, 2, 197, 64}, std::nullopt, true);
    attend({2, 2, 70, 40}, {2, 2, 130, 40}, {2, 2, 130, 24}, plain({2, 1, 1, 130}, type), false);
    attend({1, 2, 33, 30}, {1, 2, 17, 30}, {1, 2, 17, 18}, plain({33, 17}, type), false);
    attend({1, 2, 70, 64}, {1, 2, 300, 64}, {1, 2, 300, 64}, plain({1, 1, 70, 300}, type), false);
    attend({1, 2, 300, 128}, {1, 2, 300, 128}, {1, 2, 300, 128}, std::nullopt, true);
    // More heads than a device holds at once.
    attend({40, 4, 140, 64}, {40, 4, 140, 64}, {40, 4, 140, 64}, std::nullopt, false);
    attend({1, 1, 40, 256}, {1, 1, 40, 256}, {1, 1, 40, 256}, std::nullopt, false);
    attend({1, 1, 1, 8}, {1, 1, 1, 8}, {1, 1, 1, 8}, std::nullopt, false);
  }
  EXPECT_TRUE(seen.count("cuda.attention.64x64") > 0 || device->facts().capability < 80);
  EXPECT_TRUE(seen.count("cuda.attention.wgmma") > 0 || device->facts().capability != 90);
}

}  // namespace
}  // namespace bolide::test
