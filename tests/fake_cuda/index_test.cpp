// What a kernel finds wrong in the data is an error of the call that waits for it.
#include "fake_cuda/device_engine.h"

#include <algorithm>

namespace bolide::test {
namespace {

constexpr std::int64_t kRows = 4;

/// data f32[4,2] picked by indices i64[n].
Graph picks() {
  Graph graph;
  const ValueId data = graph.add_constant("data", Tensor::of<float>(std::vector<float>(8, 1.0F), Dims{kRows, 2}));
  const ValueId indices = *graph.add_input("indices", {DataType::kI64, {Dim("n")}});
  graph.set_outputs({*graph.add(*parse_op("Gather", ""), {data, indices}, "picked")});
  return graph;
}

std::size_t checked = 0;  // indices that check_indices() looks at

/// What the kernel of Gather does about indices: y, data, indices, fault.
void check_indices(void* const* parameters) {
  const auto* const indices = static_cast<const std::int64_t*>(parameters[2]);
  auto* const fault = static_cast<KernelFault*>(parameters[3]);
  for (std::size_t i = 0; i < checked; ++i) {
    if (indices[i] < -kRows || indices[i] >= kRows) *fault = {KernelFault::Kind::kIndex, indices[i], kRows};
  }
}

class DeviceIndices : public testing::Test {
 protected:
  void SetUp() override {
    fake_on_kernel("gather_", 4, check_indices);
    give({0, 1, 2});
  }
  void TearDown() override { fake_on_kernel("", 0, nullptr); }
  void give(std::vector<std::int64_t> indices) {
    indices_ = std::move(indices);
    picked_.assign(indices_.size() * 2, -1.0F);
    checked = indices_.size();
    ASSERT_TRUE(context.set_input(0, DataType::kI64, {static_cast<std::int64_t>(checked)}, indices_.data()));
    ASSERT_TRUE(context.set_output(0, picked_.data(), picked_.size() * sizeof(float)));
  }
  bool untouched() const {
    return std::all_of(picked_.begin(), picked_.end(), [](float value) { return value == -1.0F; });
  }
  static void expect_index(const Status& status, std::int64_t index) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kInvalidArgument);
    EXPECT_EQ(status.error().message, strings::join("step 'picked': Gather: index ", index, " is outside [-4,4)"));
  }

  ContextCore context{*device_engine(picks())};
  std::vector<std::int64_t> indices_;
  std::vector<float> picked_;
};

TEST_F(DeviceIndices, BeyondTheDataFailTheRunThatHasThemAndNoOther) {
  for (const std::int64_t wrong : {std::int64_t{4}, std::int64_t{-5}, INT64_MAX, INT64_MIN}) {
    give({0, wrong, 2});
    expect_index(context.run(), wrong);
    EXPECT_TRUE(untouched());
    give({3, -4, -1});
    EXPECT_TRUE(context.run());
    EXPECT_FALSE(untouched());
  }
}

TEST_F(DeviceIndices, OfAnEnqueuedRunAreToldByTheCallThatWaits) {
  give({4, 0, 0});
  ASSERT_TRUE(context.enqueue(nullptr));
  expect_index(context.wait(), 4);
  EXPECT_TRUE(untouched());
  EXPECT_TRUE(context.wait());  // once
  give({0, 0, 0});
  EXPECT_TRUE(context.enqueue(nullptr) && context.wait());
}

TEST_F(DeviceIndices, OfAnEnqueuedRunNobodyWaitedForAreToldByTheNextRun) {
  give({4, 0, 0});
  ASSERT_TRUE(context.enqueue(nullptr));
  const std::vector<std::int64_t> good = {0, 0, 0};
  ASSERT_TRUE(context.set_input(0, DataType::kI64, {3}, good.data()));
  expect_index(context.run(), 4);
  EXPECT_TRUE(context.run());
}

TEST_F(DeviceIndices, OfAnotherShapeBeforeAreToldToo) {
  give({4, 0, 0});
  ASSERT_TRUE(context.enqueue(nullptr));
  const std::vector<std::int64_t> good = {0, 0};
  std::vector<float> picked(4);
  checked = 2;
  ASSERT_TRUE(context.set_input(0, DataType::kI64, {2}, good.data()));
  ASSERT_TRUE(context.set_output(0, picked.data(), picked.size() * sizeof(float)));
  expect_index(context.run(), 4);
  EXPECT_TRUE(context.run());
}

TEST_F(DeviceIndices, WhileStepsAreTimedOrTracedDoNotFailTheNextRun) {
  ASSERT_TRUE(context.run());
  std::vector<DeviceSpan> spans;
  EXPECT_TRUE(context.trace(spans));
  EXPECT_TRUE(context.run());
}

TEST_F(DeviceIndices, AfterTheDeviceIsLostNothingLooksAtMemoryThatIsGone) {
  ASSERT_TRUE(context.run());
  fake_fail("cuGraphLaunch", 1, 700, true);
  ASSERT_FALSE(context.run());
  for (const std::size_t n : {3U, 2U, 5U}) {  // of old and new shapes
    give(std::vector<std::int64_t>(n, 0));
    const Status ran = context.run();
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Code::kDevice) << ran.error().message;
  }
}

}  // namespace
}  // namespace bolide::test
