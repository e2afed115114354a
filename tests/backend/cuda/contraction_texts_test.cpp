#include "backend/cuda/contraction_cases.h"
#include "backend/cuda/cuda_backend.h"
#include "backend/cuda/device_harness.h"
#include "backend/cuda/needs_nvrtc.h"
#include "ops/attention.h"

#include <map>

namespace bolide::test {
namespace {

TEST(CudaContractionTexts, OfDepthwiseKeepNothingInLocalMemory) {
  BOLIDE_NEEDS_NVRTC();
  for (const ConvCase& c : kOddDepthwise) {
    for (const int capability : {80, 90}) {
      EXPECT_GT(compile_texts(conv_case(c, DataType::kF16), capability, "cuda.conv.depthwise", false), 3) << capability;
    }
  }
}

TEST(CudaContractionTexts, OfWideDepthwiseKeepNothingInLocalMemory) {
  BOLIDE_NEEDS_NVRTC();
  for (const DataType type : kTypes) {
    for (const std::int64_t width : {16, 19, 37}) {
      for (const std::int64_t dilation : {1, 2}) {
        const ConvCase c{.n = 1,
                         .c = 16,
                         .h = 3,
                         .w = 400,
                         .o = 16,
                         .kernel_h = 1,
                         .kernel_w = width,
                         .pad = 0,
                         .dilation = dilation,
                         .groups = 16};
        compile_texts(conv_case(c, type), 90, "cuda.conv.depthwise", false);
      }
    }
  }
}

TEST(CudaContractionTexts, OfBandsKeepNothingInLocalMemory) {
  BOLIDE_NEEDS_NVRTC();
  for (const std::int64_t kernel : {3, 5, 7}) {
    const ConvCase c{.n = 1,
                     .c = 16,
                     .h = 15,
                     .w = 15,
                     .o = 16,
                     .kernel_h = kernel,
                     .kernel_w = kernel,
                     .pad = kernel / 2,
                     .groups = 16,
                     .residual = true};
    for (const int capability : {75, 90}) {
      EXPECT_GT(compile_texts(conv_case(c, DataType::kF16), capability, "cuda.conv.depthwise.bands", false), 0)
          << kernel << " for " << capability;
    }
  }
}

TEST(CudaContractionTexts, CompileForEveryKindOfCard) {
  BOLIDE_NEEDS_NVRTC();
  const Case conv = conv_case({.n = 8, .c = 64, .h = 28, .w = 28, .o = 256, .residual = true}, DataType::kF16);
  const Case expand =
      conv_case({.n = 8, .c = 64, .h = 28, .w = 28, .o = 256, .kernel_h = 1, .kernel_w = 1, .pad = 0, .residual = true},
                DataType::kBF16);
  const Case stem =
      conv_case({.n = 2, .c = 3, .h = 64, .w = 64, .o = 64, .stride = 2, .planar = true}, DataType::kBF16);
  const Case patches = conv_case(
      {.n = 2, .c = 3, .h = 64, .w = 64, .o = 64, .kernel_h = 4, .kernel_w = 4, .stride = 4, .pad = 0, .planar = true},
      DataType::kBF16);
  const Case depthwise = conv_case({.n = 2, .c = 32, .h = 9, .w = 9, .o = 32, .groups = 32}, DataType::kF16);
  Attention op;
  const auto heads = [](std::int64_t d) { return plain({1, 2, 30, d}, DataType::kF16); };
  const Case attention{.op = Op(op), .inputs = {heads(64), heads(64), heads(64)}, .outputs = {}};
  EXPECT_GT(compile_texts(conv, 90, "cuda.gemm.wgmma", false), 5);
  EXPECT_GT(compile_texts(expand, 90, "cuda.gemm.wgmma", false), 10);
  EXPECT_GT(compile_texts(attention, 90, "cuda.attention.wgmma", false), 0);
  EXPECT_GT(compile_texts(conv, 75, "cuda.gemm.simt", false), 0);
  for (const int capability : {80, 86, 89, 90, 100}) {
    EXPECT_GT(compile_texts(conv, capability, "cuda.gemm.mma.64x64x128", false), 2) << capability;
    EXPECT_GT(compile_texts(stem, capability, "cuda.conv.stem.8", false), 0) << capability;
    EXPECT_GT(compile_texts(patches, capability, "cuda.gemm.patches.32x64", false), 0) << capability;
    EXPECT_GT(compile_texts(depthwise, capability, "cuda.conv.depthwise.4x4", false), 0) << capability;
    EXPECT_GT(compile_texts(attention, capability, "cuda.attention.64x64", false), 0) << capability;
  }
}

/// What the tactics for sm_90a say of a case, by name; nothing where they accept it.
std::map<std::string, std::string> verdicts_of_wgmma(const Case& test, const CudaTarget& target) {
  const PreparedCase prepared = prepare_case(test);
  std::map<std::string, std::string> out;
  for (const Tactic* tactic : CudaBackend(target).tactics(test.op)) {
    const std::string name(tactic->name());
    if (name.find(".wgmma.") != std::string::npos) out[name] = tactic->accepts(prepared.problem, target).reason;
  }
  return out;
}

TEST(CudaContractionTactics, OfSm90aTakeNothingWhereTheDriverTranslatesTheCode) {
  const Case conv = conv_case({.n = 1, .c = 64, .h = 14, .w = 14, .o = 64}, DataType::kF16);
  const Layout heads = plain({1, 2, 30, 64}, DataType::kF16);
  const Case attention{.op = Op(Attention{}), .inputs = {heads, heads, heads}, .outputs = {}};
  auto target = make_cuda_target(90, false);
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(verdicts_of_wgmma(conv, *target).at("cuda.gemm.wgmma.128x64.s3"), "");
  EXPECT_EQ(verdicts_of_wgmma(conv, *target).at("cuda.gemm.wgmma.64x64.k2"), "");
  EXPECT_EQ(verdicts_of_wgmma(attention, *target).at("cuda.attention.wgmma.128"), "");
  target->facts.translated = true;
  for (const Case& test : {conv, attention}) {
    for (const auto& [name, reason] : verdicts_of_wgmma(test, *target)) {
      EXPECT_EQ(reason, "NVRTC is older than the card") << name;
    }
  }
}

}  // namespace
}  // namespace bolide::test
