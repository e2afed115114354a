#include "runtime/engine.h"

#include "backend/cpu/cpu_backend.h"
#include "compile/lower.h"
#include "ir/text.h"
#include "runtime/context.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

std::shared_ptr<EngineCore> engine_of(Graph graph, std::size_t max_schedules) {
  auto steps = lower(graph);
  EXPECT_TRUE(steps) << steps.error().message;
  auto backend = std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, 2));
  return EngineCore::make(*std::move(steps), std::move(backend), {}, {}, {.rules = {}, .max_schedules = max_schedules});
}

Graph relu_network() {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {Dim("n"), 3}});
  graph.set_outputs({*graph.add(*parse_op("Relu", ""), {x}, "y")});
  return graph;
}

TEST(EngineCore, KeepsOnlySoManyShapesPlannedTheLeastRecentlyUsedGoesFirst) {
  const auto engine = engine_of(relu_network(), 2);
  const auto prepared = [&](std::int64_t n) { return *engine->prepare(std::vector<Dims>{{n, 3}}); };
  const std::weak_ptr<const PreparedSchedule> one = prepared(1);
  const std::weak_ptr<const PreparedSchedule> two = prepared(2);
  EXPECT_FALSE(one.expired());
  EXPECT_EQ(prepared(1), one.lock());  // found, not planned again
  (void)prepared(3);
  EXPECT_FALSE(one.expired());
  EXPECT_TRUE(two.expired());
  for (std::int64_t n = 10; n < 40; ++n) (void)prepared(n);
  EXPECT_TRUE(one.expired());
}

TEST(EngineCore, AContextKeepsItsPlanWhenTheEngineForgetsIt) {
  const auto engine = engine_of(relu_network(), 1);
  ContextCore context(engine);
  const std::vector<float> x = {-1, 2, -3};
  ASSERT_TRUE(context.set_input(0, DataType::kF32, {1, 3}, x.data()));
  ASSERT_TRUE(context.run());
  for (std::int64_t n = 2; n < 6; ++n) ASSERT_TRUE(engine->prepare(std::vector<Dims>{{n, 3}}));
  ASSERT_TRUE(context.run());
  const auto* y = static_cast<const float*>(context.output_data(0));
  EXPECT_EQ(std::vector<float>(y, y + 3), (std::vector<float>{0, 2, 0}));
}

TEST(EngineCore, SizesThatOnlyTheDataDecideAreKnownAfterARun) {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {4}});
  graph.set_outputs({*graph.add(*parse_op("NonZero", ""), {x}, "y")});
  const auto engine = engine_of(std::move(graph), 2);
  EXPECT_FALSE(engine->sizes_known());
  ContextCore context(engine);
  std::vector<float> values = {0, 5, 0, 7};
  ASSERT_TRUE(context.set_input(0, DataType::kF32, {4}, values.data()));
  EXPECT_FALSE(context.output_dims(0));  // not before a run
  ASSERT_TRUE(context.run());
  ASSERT_EQ(*context.output_dims(0), (Dims{1, 2}));
  const auto* y = static_cast<const std::int64_t*>(context.output_data(0));
  EXPECT_EQ(std::vector<std::int64_t>(y, y + 2), (std::vector<std::int64_t>{1, 3}));
  values = {1, 1, 1, 0};
  ASSERT_TRUE(context.run());
  EXPECT_EQ(*context.output_dims(0), (Dims{1, 3}));
  // Too little room for what the data turned out to need.
  std::vector<std::int64_t> room(2, -1);
  ASSERT_TRUE(context.set_output(0, room.data(), 16));
  const Status small = context.run();
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().code, Code::kInvalidArgument) << small.error().message;
  EXPECT_EQ(room, (std::vector<std::int64_t>{-1, -1}));
}

}  // namespace
}  // namespace bolide
