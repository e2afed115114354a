#include "plan/sizes.h"

#include "ops/all.h"
#include "shape.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

/// Two inputs and a value whose height is half of the first input's.
StepGraph graph() {
  StepGraph g;
  g.values = {{.name = "x", .type = {DataType::kF32, shape({"batch", "3", "height"})}},
              {.name = "y", .type = {DataType::kF32, shape({"batch", "2*height"})}},
              {.name = "z", .type = {DataType::kF32, shape({"batch", "height/2"})}}};
  g.inputs = {0, 1};
  g.outputs = {2};
  return g;
}

TEST(ResolveSizes, NamesTakeTheSizesOfTheInputs) {
  const auto sizes = resolve_sizes(graph(), std::vector<Dims>{{4, 3, 10}, {4, 20}});
  ASSERT_TRUE(sizes) << sizes.error().message;
  EXPECT_EQ(sizes->dims[2], (Dims{4, 5}));
  EXPECT_TRUE(sizes->all_known);
}

TEST(ResolveSizes, AFixedSizeThatDiffersIsAnErrorWithBothNumbers) {
  const auto sizes = resolve_sizes(graph(), std::vector<Dims>{{4, 5, 10}, {4, 20}});
  ASSERT_FALSE(sizes);
  EXPECT_EQ(sizes.error().code, Code::kInvalidArgument);
  EXPECT_EQ(sizes.error().message, "input 'x' is [4,5,10], the model takes [batch,3,height]: size 1 is fixed to 3");
}

TEST(ResolveSizes, OneNameCannotHaveTwoSizes) {
  const auto sizes = resolve_sizes(graph(), std::vector<Dims>{{4, 3, 10}, {5, 20}});
  ASSERT_FALSE(sizes);
  EXPECT_EQ(sizes.error().message, "input 'y' is [5,20], the model takes [batch,2*height]: batch is 4 already");
}

TEST(ResolveSizes, WrongRankNamesTheInput) {
  const auto sizes = resolve_sizes(graph(), std::vector<Dims>{{4, 3}, {4, 20}});
  ASSERT_FALSE(sizes);
  EXPECT_EQ(sizes.error().message, "input 'x' has rank 2 [4,3], the model takes [batch,3,height]");
}

TEST(ResolveSizes, ASizeThatOnlyDataDecideStaysUnknown) {
  StepGraph g = graph();
  g.values[2].type.shape = shape({"batch", "nonzero_1"});
  const auto sizes = resolve_sizes(g, std::vector<Dims>{{4, 3, 10}, {4, 20}});
  ASSERT_TRUE(sizes);
  EXPECT_FALSE(sizes->all_known);
  EXPECT_FALSE(sizes->known[2]);
}

/// mask [total] + Concat(cache [past], fresh [new]), which has the length past + new.
StepGraph with_cache() {
  StepGraph g;
  const auto f32 = [](std::initializer_list<const char*> dims) { return TensorType{DataType::kF32, shape(dims)}; };
  g.values = {{.name = "mask", .type = f32({"total"})},
              {.name = "cache", .type = f32({"past"})},
              {.name = "fresh", .type = f32({"new"})},
              {.name = "all", .type = f32({"past+new"})},
              {.name = "y", .type = f32({"total"})}};
  g.steps = {{.name = "all", .op = Concat{.axis = 0}, .inputs = {1, 2}, .outputs = {3}},
             {.name = "y", .op = Add{}, .inputs = {0, 3}, .outputs = {4}}};
  g.inputs = {0, 1, 2};
  g.outputs = {4};
  return g;
}

TEST(CompleteSizes, ALengthThatIsASumIsTwo) {
  const auto sizes = complete_sizes(with_cache(), {});
  ASSERT_TRUE(sizes) << sizes.error().message;
  EXPECT_EQ(*sizes, (std::vector<Dims>{{2}, {1}, {1}}));
  const auto longer = complete_sizes(with_cache(), {{"cache", {1}}});
  ASSERT_TRUE(longer) << longer.error().message;
  EXPECT_EQ(*longer, (std::vector<Dims>{{2}, {1}, {1}}));
}

TEST(CompleteSizes, AConstantWithoutElementsIsNoReasonToRefuse) {
  StepGraph g;
  g.values = {{.name = "x", .type = {DataType::kF32, shape({"height"})}},
              {.name = "none", .type = {DataType::kI64, shape({"0"})}},
              {.name = "y", .type = {DataType::kF32, shape({"height-3"})}}};
  g.inputs = {0};
  g.outputs = {2};
  const auto sizes = complete_sizes(g, {});
  ASSERT_TRUE(sizes) << sizes.error().message;
  EXPECT_EQ(*sizes, (std::vector<Dims>{{4}}));
}

TEST(ToldNames, AreThoseInWhichASizeIsLinear) {
  StepGraph g = graph();
  EXPECT_EQ(told_names(g), (std::set<std::string>{"batch", "height"}));
  EXPECT_TRUE(untold_names(g).empty());
  g.values[0].type.shape = shape({"batch", "min(height,9)"});
  g.values[1].type.shape = shape({"batch+rows", "3"});
  EXPECT_EQ(told_names(g), (std::set<std::string>{"batch", "rows"}));
  EXPECT_EQ(untold_names(g), (std::set<std::string>{"height"}));
}

}  // namespace
}  // namespace bolide
