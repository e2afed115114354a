#include "backend/cuda/launches.h"
#include "backend/cuda/cuda_backend.h"
#include "backend/cuda/driver/kernel_image.h"
#include "backend/cuda/needs_nvrtc.h"
#include "ops/all.h"

#include <gtest/gtest.h>

namespace bolide::cuda {
namespace {

constexpr const char* kText = R"(
extern "C" __global__ void plain(float* o) {
  __shared__ float t[100];
  t[threadIdx.x] = o[threadIdx.x];
  __syncthreads();
  o[threadIdx.x] = t[99 - threadIdx.x];
}
extern "C" __global__ void indexed(float* o, int k) {
  float a[64];
  for (int i = 0; i < 64; ++i) a[i] = o[i * k];
  float s = 0;
  for (int i = 0; i < k; ++i) s += a[(i * k) % 64];
  o[0] = s;
}
)";

class KernelImage : public testing::TestWithParam<int> {};

TEST_P(KernelImage, TellsRegistersSharedAndLocalBytesWithoutADevice) {
  BOLIDE_NEEDS_NVRTC();
  const auto code = compile({"test", kText, {}}, {GetParam()});
  ASSERT_TRUE(code) << code.error().message;
  const auto facts = kernel_facts(**code);
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_EQ(facts.at("plain").shared_bytes, 400);
  EXPECT_EQ(facts.at("plain").local_bytes, 0);
  EXPECT_GT(facts.at("plain").registers, 0);
  EXPECT_LT(facts.at("plain").registers, 30);
  EXPECT_EQ(facts.at("indexed").shared_bytes, 0);
  EXPECT_EQ(facts.at("indexed").local_bytes, 256) << "an array that is indexed by a variable";
}

TEST_P(KernelImage, SaysWhatTheDriverSays) {
  const auto device = CudaDevice::open(0);
  if (!device) GTEST_SKIP() << "not run: no device: " << device.error().message;
  if ((*device)->facts().capability != GetParam()) GTEST_SKIP() << "not run: another device";
  const auto code = compile({"test", kText, {}}, {GetParam()});
  ASSERT_TRUE(code) << code.error().message;
  for (const auto& [name, facts] : kernel_facts(**code)) {
    const auto function = (*device)->function({"test", kText, {}}, name);
    ASSERT_TRUE(function) << function.error().message;
    EXPECT_EQ(function->registers, facts.registers) << name;
    EXPECT_EQ(function->local_bytes, facts.local_bytes) << name;
    EXPECT_EQ(function->shared_bytes, facts.shared_bytes) << name;
  }
}
INSTANTIATE_TEST_SUITE_P(Capabilities, KernelImage, testing::Values(75, 80, 86, 89, 90, 100));

TEST(KernelImage, OfCutAndDamagedBytesIsReadWithinItsEnds) {
  BOLIDE_NEEDS_NVRTC();
  const auto code = compile({"test", kText, {}}, {90});
  ASSERT_TRUE(code) << code.error().message;
  const std::vector<std::byte>& whole = **code;
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    (void)kernel_facts(cut);
  }
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::vector<std::byte> damaged = whole;
    damaged[at] ^= std::byte{0xFF};
    (void)kernel_facts(damaged);
  }
  EXPECT_TRUE(kernel_facts({}).empty());
}

Operand row_major(DataType dtype, Dims dims, const Tensor* constant = nullptr) {
  Dims strides = contiguous_strides(dims);
  return {.dtype = dtype, .dims = std::move(dims), .strides = std::move(strides), .constant = constant};
}

TEST(Launches, OfASoftmaxAreSeenWithoutADeviceAndWithoutACompiler) {
  const auto target = make_cuda_target(90, false);
  ASSERT_TRUE(target) << target.error().message;
  const CudaBackend backend(*target);
  const Op op = Softmax{.axis = -1};
  const Problem problem{
      .op = &op, .inputs = {row_major(DataType::kF16, {32, 1000})}, .outputs = {row_major(DataType::kF16, {32, 1000})}};
  const auto recording = CudaDevice::for_recording(target->facts, false);
  alignas(256) static std::byte memory[256];
  const std::array<const void*, 1> inputs = {memory};
  const std::array<void*, 1> outputs = {memory};
  const KernelBuffers buffers{
      .inputs = inputs.data(), .outputs = outputs.data(), .packed = memory, .workspace = memory};
  int seen = 0;
  for (const Tactic* tactic : backend.tactics(op)) {
    if (tactic->is_reference() || !tactic->accepts(problem, *target).accepted) continue;
    const auto launches = launches_of(recording, *target, *tactic, problem, buffers);
    ASSERT_TRUE(launches) << launches.error().message;
    ASSERT_FALSE(launches->empty()) << tactic->name();
    for (const RecordedLaunch& launch : *launches) {
      EXPECT_GT(launch.grid[0], 0U) << launch.name;
      EXPECT_GT(launch.block[0], 0U) << launch.name;
      EXPECT_LE(launch.block[0] * launch.block[1] * launch.block[2], 1024U) << launch.name;
    }
    ++seen;
  }
  EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace bolide::cuda
