// Networks in which operators without a CUDA kernel run on the host.
#include "fake_cuda/device_engine.h"
#include "support/host_only.h"

namespace bolide::test {
namespace {

/// x f32[4,8] through the operators in order; "?" is the one without a kernel.
Graph chain(const std::vector<std::string>& ops) {
  Graph graph;
  ValueId y = *graph.add_input("x", {DataType::kF32, {4, 8}});
  int number = 0;
  for (const std::string& op : ops) {
    y = *graph.add(op == "?" ? host_only() : *parse_op(op, ""), {y}, strings::join(op, number++));
  }
  graph.set_outputs({y});
  return graph;
}

/// "to host, reference, to device, ...": how the steps are done, kernels as "device".
std::string plan_of(const ContextCore& context) {
  std::string out;
  for (const ScheduledStep& step : context.schedule()->steps) {
    std::string how(method_of(step));
    if (step.kernel != nullptr) how = step.kernel->on_device() ? "device" : "host";
    out += strings::join(out.empty() ? "" : ", ", how);
  }
  return out;
}

struct Mixed {
  explicit Mixed(const std::vector<std::string>& ops)
      : engine(*device_engine(chain(ops))), context(engine), x(32, 1.0F), y(32) {
    EXPECT_TRUE(context.set_input(0, DataType::kF32, {4, 8}, x.data()));
    EXPECT_TRUE(context.set_output(0, y.data(), y.size() * sizeof(float)));
    const Status ran = context.run();
    EXPECT_TRUE(ran) << ran.error().message;
  }
  std::shared_ptr<EngineCore> engine;
  ContextCore context;
  std::vector<float> x;
  std::vector<float> y;
};

TEST(MixedEngine, CopiesStandAroundAStepInTheMiddle) {
  Mixed mixed({"Softmax", "?", "Softmax"});
  EXPECT_EQ(plan_of(mixed.context), "device, to host, host, to device, device");
  EXPECT_EQ(mixed.context.schedule()->copies, 2);
}

TEST(MixedEngine, CopiesStandAroundStepsAtBothEdges) {
  Mixed mixed({"?", "Softmax", "?"});
  EXPECT_EQ(plan_of(mixed.context), "to host, host, to device, device, to host, host, to device");
}

TEST(MixedEngine, NothingIsCopiedBetweenTwoStepsOfTheHost) {
  Mixed mixed({"Softmax", "?", "?", "Softmax"});
  const std::string plan = plan_of(mixed.context);
  EXPECT_EQ(std::string_view(plan).substr(0, 25), "device, to host, host, to") << plan;
  std::size_t to_host = 0;
  for (std::size_t at = plan.find("to host"); at != std::string::npos; at = plan.find("to host", at + 1)) ++to_host;
  EXPECT_EQ(to_host, 1U) << plan;
}

TEST(MixedEngine, IsAGraphBetweenHostStepsAndWaitsBeforeEach) {
  Mixed mixed({"Softmax", "?", "Softmax", "?", "Softmax"});
  const FakeCounts before = fake_counts();
  ASSERT_TRUE(mixed.context.run());
  const FakeCounts after = fake_counts();
  EXPECT_EQ(after.graph_launches - before.graph_launches, 3);
  EXPECT_EQ(after.waits - before.waits, 3);  // two host steps, the end
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.made, before.made);
}

TEST(MixedEngine, IsRefusedWhereNothingMayWait) {
  Mixed mixed({"Softmax", "?", "Softmax"});
  const Status given = mixed.context.enqueue(nullptr);
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, Code::kUnsupported);
  EXPECT_NE(given.error().message.find("step '?1' (Plugin) runs on the host"), std::string::npos)
      << given.error().message;
  EXPECT_TRUE(mixed.context.run());
}

TEST(MixedEngine, OfSizesThatOnlyTheDataDecideTakesTheHostsMemoryOnly) {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {8}});
  const ValueId soft = *graph.add(*parse_op("Softmax", "axis=0"), {x}, "soft");
  graph.set_outputs({*graph.add(*parse_op("NonZero", ""), {soft}, "y")});
  const auto engine = *device_engine(graph);
  const auto memory = *engine->backend().device()->allocate(64);
  ContextCore context(engine);
  std::vector<float> values(8, 1.0F);
  const Status input = context.set_input(0, DataType::kF32, {8}, memory->data(), true);
  const Status output = context.set_output(0, memory->data(), 64, true);
  ASSERT_TRUE(context.set_input(0, DataType::kF32, {8}, values.data()));
  const Status given = context.enqueue(nullptr);
  for (const Status* refused : {&input, &output, &given}) {
    ASSERT_FALSE(*refused);
    EXPECT_EQ(refused->error().code, Code::kUnsupported);
    EXPECT_NE(refused->error().message.find("only the data decide sizes"), std::string::npos)
        << refused->error().message;
  }
  const Status ran = context.run();
  EXPECT_TRUE(ran) << ran.error().message;
}

TEST(MixedEngine, AFaultInTheMiddleOfARunLeavesTheContextUsable) {
  Mixed mixed({"Softmax", "?", "Softmax"});
  fake_fail("cuGraphLaunch", 2, 999, false);
  EXPECT_FALSE(mixed.context.run());
  EXPECT_TRUE(mixed.context.run());
}

}  // namespace
}  // namespace bolide::test
