#include "backend/cuda/cuda_harness.h"
#include "backend/cuda/needs_nvrtc.h"
#include "ops/all.h"

namespace bolide::test {
namespace {

constexpr DataType kFloats[] = {DataType::kF32, DataType::kF16, DataType::kBF16};

/// `every`: those without floats, too, whatever the dtype.
std::vector<CudaCase> all_cases(DataType dtype, bool every) {
  std::vector<CudaCase> cases;
  if (every) cases = integer_cases();
  for (CudaCase& test : every ? recurrent_cases() : std::vector<CudaCase>()) cases.push_back(std::move(test));
  std::vector<CudaCase> drawn = generic_cases();
  for (CudaCase& test : element_cases()) drawn.push_back(std::move(test));
  for (const CudaCase& test : drawn) {
    bool touches = false;
    for (const CudaOperand& operand : test.inputs) touches |= operand.dtype == DataType::kF32;
    if (dtype == DataType::kF32) {
      cases.push_back(test);
    } else if (touches && !test.op.is<Cast>()) {
      cases.push_back(with_dtype(test, dtype));
    } else if (every) {
      cases.push_back(test);
    }
  }
  return cases;
}

class CompiledFor : public testing::TestWithParam<int> {};

TEST_P(CompiledFor, EveryKernelTextOfEveryFamilyCompiles) {
  BOLIDE_NEEDS_NVRTC();
  const std::vector<CudaCase> cases = all_cases(GetParam() == 90 ? DataType::kF32 : DataType::kF16, true);
  expect_compiles(cases, GetParam());
}
INSTANTIATE_TEST_SUITE_P(Capabilities, CompiledFor, testing::Values(75, 80, 86, 89, 90, 100));

class OnTheDevice : public testing::TestWithParam<DataType> {};

TEST_P(OnTheDevice, EveryTacticAgreesWithTheReference) {
  const auto device = cuda::CudaDevice::open(0);
  if (!device) GTEST_SKIP() << "not run: no device: " << device.error().message;
  const std::vector<CudaCase> cases = all_cases(GetParam(), GetParam() == DataType::kF32);
  expect_compiles(cases, *device);
  for (const CudaCase& test : cases) expect_agrees(test, *device);
  for (const auto& [name, function] : (*device)->functions()) {
    EXPECT_EQ(function.local_bytes, 0) << name << " keeps " << function.local_bytes << " bytes a thread in slow memory";
  }
}
INSTANTIATE_TEST_SUITE_P(Floats, OnTheDevice, testing::ValuesIn(kFloats));

class SelectionFor : public testing::TestWithParam<int> {};

TEST_P(SelectionFor, OfBoxesCompiles) {
  BOLIDE_NEEDS_NVRTC();
  expect_compiles(box_cases(), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Capabilities, SelectionFor, testing::Values(75, 90, 100));

TEST(Selection, OfBoxesIsTheReferencesOnTheDevice) {
  const auto device = cuda::CudaDevice::open(0);
  if (!device) GTEST_SKIP() << "not run: no device: " << device.error().message;
  expect_compiles(box_cases(), *device);
  for (const CudaCase& test : box_cases()) expect_agrees(test, *device);
}

}  // namespace
}  // namespace bolide::test
