#include "backend/cuda/limits/limits.h"
#include "backend/cuda/needs_nvrtc.h"

#include <gtest/gtest.h>

namespace bolide::cuda {
namespace {

class LimitPrograms : public testing::TestWithParam<int> {};

TEST_P(LimitPrograms, CompileWithoutADevice) {
  BOLIDE_NEEDS_NVRTC();
  for (const auto& [name, program] : limit_programs(GetParam())) {
    const auto code = compile(program, {GetParam()});
    EXPECT_TRUE(code) << name << " for " << GetParam() << ": " << (code ? "" : code.error().message);
  }
}
INSTANTIATE_TEST_SUITE_P(Capabilities, LimitPrograms, testing::Values(75, 80, 86, 89, 90, 100));

TEST(Limits, OfThisDeviceAreNearItsDataSheet) {
  const auto device = CudaDevice::open(0);
  if (!device) GTEST_SKIP() << "not run: no device: " << device.error().message;
  const auto limits = measure_limits(**device);
  ASSERT_TRUE(limits) << limits.error().message;
  const DeviceFacts& facts = (*device)->facts();
  std::cout << facts.name << ": fp32 " << limits->fp32_gflop_per_s << " tf32 " << limits->tf32_gflop_per_s << " bf16 "
            << limits->bf16_gflop_per_s << " fp16 " << limits->fp16_gflop_per_s << " GFLOP/s, " << limits->gbyte_per_s
            << " GB/s\n";
  const double memory = facts.bytes_per_us() / 1e3;  // GB/s
  EXPECT_GT(limits->gbyte_per_s, 0.6 * memory);
  EXPECT_LT(limits->gbyte_per_s, 1.05 * memory);
  EXPECT_GT(limits->fp32_gflop_per_s, 0);
  if (facts.capability >= 80) {
    EXPECT_GT(limits->fp16_gflop_per_s, 3 * limits->fp32_gflop_per_s);
    EXPECT_GT(limits->bf16_gflop_per_s, 0.8 * limits->fp16_gflop_per_s);
    EXPECT_NEAR(limits->tf32_gflop_per_s / limits->fp16_gflop_per_s, 0.5, 0.15);
  }
  for (const auto& [name, function] : (*device)->functions()) EXPECT_EQ(function.local_bytes, 0) << name;
}

}  // namespace
}  // namespace bolide::cuda
