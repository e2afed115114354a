// Steps inside the branches of If among those of the network: numbers, times, observers.
#include "backend/cpu/cpu_backend.h"
#include "compile/lower.h"
#include "ir/text.h"
#include "runtime/context.h"
#include "support/branches.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

std::shared_ptr<EngineCore> network() {
  auto graph = parse_graph(test::kBranches);
  EXPECT_TRUE(graph) << graph.error().message;
  auto steps = lower(*graph);
  EXPECT_TRUE(steps) << steps.error().message;
  return EngineCore::make(*std::move(steps), std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, 1)), {}, {});
}

/// "before If p q If. after": what starts, and with a full stop the end of steps that have others inside.
struct Listener final : StepObserver {
  void step_starts(const RunStep& step) override {
    said += strings::join(said.empty() ? "" : " ", step.number(), ":", step.scheduled().problem.op->name());
    inside.push_back(step.number());
  }
  void step_done(const RunStep& step, std::span<void* const> outputs) override {
    EXPECT_EQ(inside.back(), step.number());
    EXPECT_EQ(outputs.size(), step.scheduled().outputs.size());
    EXPECT_EQ(step.in_body(), inside.size() > 1);
    inside.pop_back();
    if (step.scheduled().problem.op->name() == "If") said += " end";
  }
  std::string said;
  std::vector<std::size_t> inside;
};

TEST(StepNumbers, OfBodiesComeRightAfterTheStepThatHasThem) {
  const auto engine = network();
  const auto prepared = *engine->prepare(std::vector<Dims>{{}, {8}});
  ASSERT_EQ(prepared->schedule().steps.size(), 3U);
  EXPECT_EQ(prepared->number(0), 0U);
  EXPECT_EQ(prepared->number(1), 1U);
  EXPECT_EQ(prepared->body_number(1, 0), 2U);
  EXPECT_EQ(prepared->body_number(1, 1), 4U);
  EXPECT_EQ(prepared->number(2), 5U);
  EXPECT_EQ(prepared->step_count(), 6U);
}

TEST(StepNumbers, AnObserverSeesTheStepsOfTheBranchThatIsTaken) {
  ContextCore context(network());
  Listener listener;
  context.observe(&listener);
  const std::vector<float> x(8, 1.0F);
  for (const bool condition : {true, false}) {
    listener.said.clear();
    ASSERT_TRUE(context.set_input(0, DataType::kBool, {}, &condition));
    ASSERT_TRUE(context.set_input(1, DataType::kF32, {8}, x.data()));
    ASSERT_TRUE(context.run());
    EXPECT_EQ(listener.said,
              condition ? "0:Softmax 1:If 2:Exp 3:Softmax end 5:Softmax" : "0:Softmax 1:If 4:Softmax end 5:Softmax");
  }
}

TEST(StepNumbers, TimesAreOfTheStepsThatRanAndOfIfWithoutItsBranch) {
  ContextCore context(network());
  StepTimes times;
  context.profile(&times);
  const std::vector<float> x(8, 1.0F);
  const bool condition = false;
  ASSERT_TRUE(context.set_input(0, DataType::kBool, {}, &condition));
  ASSERT_TRUE(context.set_input(1, DataType::kF32, {8}, x.data()));
  ASSERT_TRUE(context.run());
  ASSERT_EQ(times.us.size(), 6U);
  for (const std::size_t ran : {0U, 1U, 4U, 5U}) EXPECT_GE(times.us[ran], 0) << ran;
  for (const std::size_t not_taken : {2U, 3U}) EXPECT_EQ(times.us[not_taken], 0) << not_taken;
}

}  // namespace
}  // namespace bolide
