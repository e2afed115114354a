// Runs that tell when each step ran.
#include "fake_cuda/device_engine.h"
#include "support/host_only.h"

namespace bolide::test {
namespace {

TEST(DeviceTrace, HasEveryStepOnceOnItsStreamAndLeavesNothingBehind) {
  const auto engine = device_engine(layers());
  ASSERT_TRUE(engine) << engine.error().message;
  OnHost run(*engine);
  std::vector<DeviceSpan> first;
  ASSERT_TRUE(run.context.trace(first));
  const std::string before = alive();
  std::vector<DeviceSpan> spans;
  ASSERT_TRUE(run.context.trace(spans));
  EXPECT_EQ(alive(), before);
  const Schedule& schedule = *run.context.schedule();
  ASSERT_EQ(spans.size(), schedule.steps.size());
  for (std::size_t s = 0; s < spans.size(); ++s) {
    EXPECT_EQ(spans[s].step, static_cast<int>(s));
    EXPECT_EQ(spans[s].lane, schedule.steps[s].lane);
    EXPECT_GT(spans[s].start_us, 0);
    EXPECT_GE(spans[s].us, 0);
  }
}

TEST(DeviceTrace, StepsOfTheHostAreTimedThere) {
  Graph graph;
  ValueId y = *graph.add_input("x", {DataType::kF32, {4, 8}});
  y = *graph.add(*parse_op("Softmax", ""), {y}, "before");
  y = *graph.add(host_only(), {y}, "on the host");
  y = *graph.add(*parse_op("Softmax", ""), {y}, "after");
  graph.set_outputs({y});
  const auto engine = device_engine(graph);
  ASSERT_TRUE(engine) << engine.error().message;
  ContextCore context(*engine);
  std::vector<float> x(32, 1.0F);
  std::vector<float> out(32);
  ASSERT_TRUE(context.set_input(0, DataType::kF32, {4, 8}, x.data()));
  ASSERT_TRUE(context.set_output(0, out.data(), out.size() * sizeof(float)));
  std::vector<DeviceSpan> spans;
  const Status traced = context.trace(spans);
  ASSERT_TRUE(traced) << traced.error().message;
  const Schedule& schedule = *context.schedule();
  ASSERT_EQ(spans.size(), schedule.steps.size());
  for (const DeviceSpan& span : spans) {
    const ScheduledStep& step = schedule.steps[static_cast<std::size_t>(span.step)];
    const bool host = step.kernel != nullptr && !step.kernel->on_device();
    EXPECT_EQ(span.lane == -1, host) << step.name;
  }
}

}  // namespace
}  // namespace bolide::test
