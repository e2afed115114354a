// Runs that tell when each step ran.
#include "fake_cuda/device_engine.h"
#include "support/branches.h"
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
    EXPECT_EQ(spans[s].step, s);
    EXPECT_EQ(spans[s].lane, schedule.steps[s].lane);
    EXPECT_GT(spans[s].start_us, 0);
    EXPECT_GE(spans[s].us, 0);
  }
}

/// Names of the steps that it saw, in the order of their ends.
struct Listener final : StepObserver {
  void step_done(const RunStep& step, std::span<void* const>) override {
    names.push_back(strings::join(step.number(), ":", step.scheduled().name));
  }
  std::vector<std::string> names;
};

TEST(DeviceTrace, StepsOfTheHostAreSeenThere) {
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
  Listener listener;
  context.observe(&listener);
  std::vector<DeviceSpan> spans;
  const Status traced = context.trace(spans);
  ASSERT_TRUE(traced) << traced.error().message;
  EXPECT_EQ(listener.names, std::vector<std::string>{"2:on the host"});
  const Schedule& schedule = *context.schedule();
  ASSERT_EQ(spans.size(), schedule.steps.size() - 1);
  for (const DeviceSpan& span : spans) EXPECT_NE(span.step, 2U);
}

TEST(DeviceTrace, StepsOfTheBranchThatIfTakesAreSeenAndTimed) {
  const auto engine = device_engine(*parse_graph(kBranches));
  ASSERT_TRUE(engine) << engine.error().message;
  ContextCore context(*engine);
  const bool condition = true;
  std::vector<float> x(8, 1.0F);
  ASSERT_TRUE(context.set_input(0, DataType::kBool, {}, &condition));
  ASSERT_TRUE(context.set_input(1, DataType::kF32, {8}, x.data()));
  Listener listener;
  context.observe(&listener);
  std::vector<DeviceSpan> spans;
  const Status traced = context.trace(spans);
  ASSERT_TRUE(traced) << traced.error().message;
  const PreparedSchedule& prepared = *context.prepared();
  std::size_t branch = 0;
  while (prepared.bodies(branch).empty()) ++branch;
  // The fake device fills its memory with bytes that are true.
  const std::size_t first = prepared.body_number(branch, 0);
  EXPECT_EQ(listener.names, (std::vector<std::string>{strings::join(first, ":p"), strings::join(first + 1, ":q"),
                                                      strings::join(first - 1, ":r")}));
  StepTimes times;
  context.profile(&times);
  ASSERT_TRUE(context.run());
  ASSERT_EQ(times.us.size(), prepared.step_count());
  EXPECT_EQ(times.us[prepared.body_number(branch, 1)], 0);  // not taken
  EXPECT_GT(times.us[prepared.number(branch + 1)], 0);
}

TEST(DeviceTrace, ReadsInputsWhereTheyLieOnTheDevice) {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {8}});
  graph.set_outputs({*graph.add(host_only(), {x}, "cube")});
  const auto engine = device_engine(graph);
  ASSERT_TRUE(engine) << engine.error().message;
  Device& device = *(*engine)->backend().device();
  const auto input = *device.allocate(8 * sizeof(float));
  const std::vector<float> twos(8, 2.0F);
  const auto stream = *device.make_stream();
  ASSERT_TRUE(stream->upload(input->data(), twos.data(), input->size()));
  ASSERT_TRUE(stream->wait());
  struct Values final : StepObserver {
    void step_done(const RunStep&, std::span<void* const> outputs) override {
      seen.push_back(*static_cast<const float*>(outputs[0]));
    }
    std::vector<float> seen;
  } values;
  ContextCore context(*engine);
  ASSERT_TRUE(context.set_input(0, DataType::kF32, {8}, input->data(), true));
  context.observe(&values);
  std::vector<DeviceSpan> spans;
  const Status traced = context.trace(spans);
  ASSERT_TRUE(traced) << traced.error().message;
  EXPECT_EQ(values.seen, std::vector<float>{8.0F});
}

TEST(DeviceTrace, IsRefusedWhileTheContextRuns) {
  const auto engine = device_engine(layers());
  ASSERT_TRUE(engine) << engine.error().message;
  OnHost run(*engine);
  struct Answer {
    ContextCore& context;
    Status status = {};
  } answer{run.context};
  fake_on_launch(
      [](void* argument) {
        fake_on_launch(nullptr, nullptr);
        std::vector<DeviceSpan> spans;
        auto& to = *static_cast<Answer*>(argument);
        to.status = to.context.trace(spans);
      },
      &answer);
  ASSERT_TRUE(run.context.run());
  ASSERT_FALSE(answer.status);
  EXPECT_EQ(answer.status.error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace bolide::test
