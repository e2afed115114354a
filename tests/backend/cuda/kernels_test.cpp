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

class TransformsFor : public testing::TestWithParam<int> {};

TEST_P(TransformsFor, MatricesAndSignalsCompile) {
  BOLIDE_NEEDS_NVRTC();
  expect_compiles(transform_cases(), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Capabilities, TransformsFor, testing::Values(75, 90, 100));

TEST_P(OnTheDevice, TransformsAgreeWithTheReference) {
  const auto device = cuda::CudaDevice::open(0);
  if (!device) GTEST_SKIP() << "not run: no device: " << device.error().message;
  std::vector<CudaCase> cases = transform_cases();
  for (CudaCase& test : cases) {
    if (GetParam() != DataType::kF32) test = with_dtype(std::move(test), GetParam());
  }
  expect_compiles(cases, *device);
  for (const CudaCase& test : cases) expect_agrees(test, *device);
}

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

/// Runs the first tactic that accepts on zeros, but for the integers of input `which`; returns what it reports.
KernelFault fault_of(const Op& op, std::vector<Operand> operands, std::size_t which,
                     const std::vector<std::int64_t>& integers, cuda::CudaDevice& device, const CudaBackend& backend) {
  const Problem problem{.op = &op, .inputs = {operands.begin(), operands.end() - 1}, .outputs = {operands.back()}};
  for (const Tactic* tactic : backend.tactics(op)) {
    if (tactic->is_reference() || !tactic->accepts(problem, backend.target()).accepted) continue;
    auto kernel = tactic->bind(problem, backend.target());
    EXPECT_TRUE(kernel && static_cast<DeviceKernel&>(**kernel).load(device));
    auto stream = device.make_stream();
    auto data = device.allocate(8192);
    auto fault = device.allocate_host(sizeof(KernelFault));
    auto* const found = reinterpret_cast<KernelFault*>((*fault)->data());
    *found = {};
    std::byte* const at = (*data)->data();
    const std::vector<std::int32_t> narrow(integers.begin(), integers.end());
    EXPECT_TRUE((*stream)->fill(at, 0, 8192));
    EXPECT_TRUE(operands[which].dtype == DataType::kI32
                    ? (*stream)->upload(at + 1024, narrow.data(), narrow.size() * sizeof(std::int32_t))
                    : (*stream)->upload(at + 1024, integers.data(), integers.size() * sizeof(std::int64_t)));
    std::vector<const void*> inputs(problem.inputs.size(), at);
    inputs[which] = at + 1024;
    void* const output = at + 2048;
    EXPECT_TRUE(device_kernel(**kernel).launch(
        **stream, {.inputs = inputs.data(), .outputs = &output, .workspace = at + 4096, .fault = found}));
    EXPECT_TRUE((*stream)->wait());
    return *found;
  }
  ADD_FAILURE() << "no tactic for " << op.name();
  return {};
}

TEST(NumbersBeyondTheDataOnTheDevice, AreReportedAndThoseAtTheEndsAreNot) {
  const auto device = cuda::CudaDevice::open(0);
  if (!device) GTEST_SKIP() << "not run: no device: " << device.error().message;
  const CudaBackend backend(make_cuda_target(*device, false));
  using Kind = KernelFault::Kind;
  struct Numbers {
    Op op;
    std::vector<Operand> operands;
    std::size_t which;
    Kind kind;
    std::int64_t size, least, most;
  };
  const auto of = [](Dims dims, DataType dtype = DataType::kF32) {
    Dims strides = contiguous_strides(dims);
    return Operand{.dtype = dtype, .dims = std::move(dims), .strides = std::move(strides)};
  };
  const Operand data = of({2, 3});
  const Operand two = of({2}, DataType::kI64);
  const Operand pairs = of({2, 1}, DataType::kI64);
  const Operand absent{.absent = true};
  const std::vector<Numbers> cases = {
      {Gather{.axis = 1}, {data, two, of({2, 2})}, 1, Kind::kIndex, 3, -3, 2},
      {GatherND{}, {data, pairs, data}, 1, Kind::kIndex, 2, -2, 1},
      {ScatterND{}, {data, pairs, data, data}, 1, Kind::kIndex, 2, -2, 1},
      {ReverseSequence{.batch_axis = 0, .time_axis = 1}, {data, two, data}, 1, Kind::kLength, 3, 0, 3},
      {RoiAlign{}, {of({3, 1, 4, 4}), of({2, 4}), two, of({2, 1, 1, 1})}, 2, Kind::kPicture, 3, 0, 2},
      {RNN{},
       {of({5, 2, 1}), of({1, 1, 1}), of({1, 1, 1}), absent, of({2}, DataType::kI32), of({5, 1, 2, 1})},
       4,
       Kind::kLength,
       5,
       0,
       5}};
  for (const Numbers& each : cases) {
    const auto found = [&](std::int64_t last) {
      return fault_of(each.op, each.operands, each.which, {0, last}, **device, backend);
    };
    for (const std::int64_t good : {each.least, each.most}) {
      EXPECT_EQ(found(good).kind, Kind::kNothing) << each.op.name() << " " << good;
    }
    for (const std::int64_t wrong : {each.least - 1, each.most + 1}) {
      const KernelFault fault = found(wrong);
      EXPECT_EQ(fault.kind, each.kind) << each.op.name() << " " << wrong;
      EXPECT_EQ(fault.value, wrong) << each.op.name();
      EXPECT_EQ(fault.size, each.size) << each.op.name();
    }
  }
}

}  // namespace
}  // namespace bolide::test
