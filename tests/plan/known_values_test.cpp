#include "plan/known_values.h"

#include "backend/cpu/cpu_backend.h"
#include "ops/all.h"
#include "plan/schedule.h"
#include "shape.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

/// x [n,4] -> Shape -> sizes; sizes + 1 -> wider; table [wider rows] tiled by it.
StepGraph graph() {
  StepGraph g;
  g.values = {{.name = "x", .type = {DataType::kF32, shape({"n", "4"})}},
              {.name = "sizes", .type = {DataType::kI64, shape({"2"})}},
              {.name = "one", .type = {DataType::kI64, shape({})}, .constant = 0},
              {.name = "wider", .type = {DataType::kI64, shape({"2"})}},
              {.name = "filled", .type = {DataType::kF32, shape({"n+1", "5"})}}};
  g.constants = {Tensor::scalar<std::int64_t>(1)};
  g.steps = {{.name = "shape", .op = ShapeOf{}, .inputs = {0}, .outputs = {1}},
             {.name = "add", .op = Add{}, .inputs = {1, 2}, .outputs = {3}},
             {.name = "fill", .op = ConstantOfShape{}, .inputs = {3}, .outputs = {4}}};
  g.inputs = {0};
  g.outputs = {4};
  return g;
}

TEST(KnownValues, ShapeArithmeticIsNumbersOnceTheSizesAre) {
  const StepGraph g = graph();
  const auto sizes = resolve_sizes(g, std::vector<Dims>{{2, 4}});
  ASSERT_TRUE(sizes) << sizes.error().message;
  ASSERT_NE(sizes->value(3), nullptr);
  EXPECT_EQ(*to_i64(*sizes->value(3)), (Dims{3, 5}));
  EXPECT_TRUE(is_known(g.steps[1], *sizes));
  EXPECT_EQ(sizes->value(0), nullptr);
}

TEST(KnownValues, ResultsBeyondTheBoundAreLeftToTheirSteps) {
  const StepGraph g = graph();
  const auto sizes = resolve_sizes(g, std::vector<Dims>{{100'000, 4}});
  ASSERT_TRUE(sizes) << sizes.error().message;
  EXPECT_NE(sizes->value(3), nullptr);
  EXPECT_EQ(sizes->value(4), nullptr);  // 2 MB
}

TEST(KnownValues, ConstantsAloneAreNotTouched) {
  StepGraph g = graph();
  g.steps[0].op = Identity{};  // of x: its elements, not its sizes
  g.values[1].type = g.values[0].type;
  const auto sizes = resolve_sizes(g, std::vector<Dims>{{2, 4}});
  ASSERT_TRUE(sizes);
  EXPECT_TRUE(sizes->values.empty());
}

TEST(KnownValues, SizesThatTheyDecideAreTold) {
  StepGraph g = graph();
  g.values[4].type.shape = shape({"filled_0", "filled_1"});  // as where no expression can say it
  EXPECT_EQ(told_names(g), (std::set<std::string>{"filled_0", "filled_1", "n"}));
  const auto sizes = resolve_sizes(g, std::vector<Dims>{{2, 4}});
  ASSERT_TRUE(sizes) << sizes.error().message;
  EXPECT_TRUE(sizes->all_known);
  EXPECT_EQ(sizes->dims[4], (Dims{3, 5}));
}

TEST(KnownValues, ElementsDecideNothingBeforeTheyAreThere) {
  StepGraph g = graph();
  g.values[0] = {.name = "x", .type = {DataType::kI64, shape({"2"})}};
  g.steps[0].op = Identity{};  // the numbers of an input
  g.values[4].type.shape = shape({"filled_0", "filled_1"});
  EXPECT_TRUE(told_names(g).empty());
  const auto sizes = resolve_sizes(g, std::vector<Dims>{{2}});
  ASSERT_TRUE(sizes);
  EXPECT_FALSE(sizes->known[4]);
}

TEST(KnownValues, NoStepIsScheduledForThem) {
  StepGraph g = graph();
  // y = x relu, beside the sizes: the only work that is left, with the copy of the filled output.
  g.values.push_back({.name = "y", .type = {DataType::kF32, shape({"n", "4"})}});
  g.steps.push_back({.name = "relu", .op = Relu{}, .inputs = {0}, .outputs = {5}});
  g.outputs = {5};
  const CpuBackend backend(make_cpu_target(std::nullopt, 1));
  const auto schedule = plan_schedule(g, std::vector<Dims>{{2, 4}}, backend, {});
  ASSERT_TRUE(schedule) << schedule.error().message;
  ASSERT_EQ(schedule->steps.size(), 1U);
  EXPECT_EQ(schedule->steps[0].name, "relu");
}

}  // namespace
}  // namespace bolide
