// Which steps of a narrow network stay in FP32, and what is measured to decide it.
#include "compile/compile.h"

#include "ir/text.h"
#include "runtime/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace bolide {
namespace {

/// The index of a new value of f32.
int add_value(StepGraph& graph, const char* name, const Dims& dims) {
  graph.values.push_back({.name = name, .type = {DataType::kF32, {dims.begin(), dims.end()}}});
  return static_cast<int>(graph.values.size()) - 1;
}

/// x -> Mul(1000) -> big -> Mul(500) -> huge -> Mul(1e-5) -> y, which passes may join; and x -> Relu -> z.
StepGraph graph_with_a_huge_value() {
  StepGraph graph;
  const auto constant = [&](const char* name, float number) {
    Tensor tensor = *Tensor::allocate(DataType::kF32, {1});
    tensor.span<float>()[0] = number;
    const int index = add_value(graph, name, {1});
    graph.values[static_cast<std::size_t>(index)].constant = static_cast<int>(graph.constants.size());
    graph.constants.push_back(std::move(tensor));
    return index;
  };
  const int x = add_value(graph, "x", {64});
  const int big = add_value(graph, "big", {64});
  const int huge = add_value(graph, "huge", {64});
  const int y = add_value(graph, "y", {64});
  const int z = add_value(graph, "z", {64});
  graph.inputs = {x};
  graph.outputs = {y, z};
  graph.steps.push_back(
      {.name = "first", .op = *parse_op("Mul", ""), .inputs = {x, constant("a", 1000)}, .outputs = {big}});
  graph.steps.push_back(
      {.name = "second", .op = *parse_op("Mul", ""), .inputs = {big, constant("b", 500)}, .outputs = {huge}});
  graph.steps.push_back({.name = "third",
                         .op = *parse_op("Mul", ""),
                         .inputs = {huge, constant("c", 1e-3F)},
                         .outputs = {y},
                         .members = {"user/third"}});
  graph.steps.push_back({.name = "other", .op = *parse_op("Relu", ""), .inputs = {x}, .outputs = {z}});
  return graph;
}

Tensors one_sample(float number) {
  Tensor x = *Tensor::allocate(DataType::kF32, {64});
  for (float& element : x.span<float>()) element = number;
  Tensors sample;
  sample.push_back(std::move(x));
  return sample;
}

TEST(Ranges, AreTheLargestMagnitudesAndRoundingErrorsOfAllSamples) {
  const auto graph = std::make_shared<const StepGraph>(graph_with_a_huge_value());
  ASSERT_TRUE(check(*graph));
  const std::vector<Tensors> samples = {one_sample(0.5F), one_sample(-2)};
  const auto ranges = measure_ranges(graph, samples);
  ASSERT_TRUE(ranges) << ranges.error().message;
  EXPECT_EQ((*ranges)[0].largest, 2);
  EXPECT_EQ((*ranges)[1].largest, 2000);
  EXPECT_EQ((*ranges)[2].largest, 1e6);
  EXPECT_NEAR((*ranges)[3].largest, 1000, 1e-3);
  EXPECT_EQ((*ranges)[0].rounding, 0) << "0.5 and 2 are numbers of fp16";
}

TEST(Ranges, TellHowMuchOfSmallNumbersFp16KeepsAndWhatThatDoesToTheOutputs) {
  const auto graph = std::make_shared<const StepGraph>(graph_with_a_huge_value());
  const std::vector<Tensors> ordinary = {one_sample(0.7F)};
  const auto kept = *measure_ranges(graph, ordinary);
  EXPECT_LT(kept[0].rounding, 1.0 / 2048);
  EXPECT_EQ(kept[0].change, 0);
  const std::vector<Tensors> small = {one_sample(1.3e-7F)};  // two steps of 2^-24: 6e-8
  const auto lost = *measure_ranges(graph, small);
  EXPECT_GT(lost[0].rounding, 0.05);
  // y = 500 x: 6.5e-5, of which rounding x takes a twelfth; nothing beside the 1 that is added to the largest value.
  EXPECT_GT(lost[0].change, 1e-6);
  EXPECT_LT(lost[0].change, 1e-5);
}

/// x -> Mul(`number`) -> small -> Mul(1 / `number`) -> y
std::shared_ptr<const StepGraph> graph_through_small_numbers(float number) {
  StepGraph graph = graph_with_a_huge_value();
  graph.steps.erase(graph.steps.begin() + 1);
  graph.steps[1].inputs[0] = graph.steps[0].outputs[0];
  graph.constants[0].span<float>()[0] = number;
  graph.constants[2].span<float>()[0] = 1 / number;
  return std::make_shared<const StepGraph>(std::move(graph));
}

TEST(Precision, SmallValuesStayInFp32OnlyWhereTheirLossIsSeenInAnOutput) {
  const std::vector<Tensors> samples = {one_sample(1.7F)};
  const auto seen = graph_through_small_numbers(1e-7F);
  PrecisionReport report;
  ASSERT_TRUE(with_precision(*seen, DataType::kF16, {.keep = {}, .ranges = *measure_ranges(seen, samples)}, report));
  ASSERT_GE(report.kept.size(), 2U);
  EXPECT_EQ(report.kept[0].step, "first");
  EXPECT_NE(report.kept[0].reason.find("changes an output"), std::string::npos) << report.kept[0].reason;
  const auto unseen = graph_through_small_numbers(0.01F);
  PrecisionReport none;
  ASSERT_TRUE(with_precision(*unseen, DataType::kF16, {.keep = {}, .ranges = *measure_ranges(unseen, samples)}, none));
  EXPECT_TRUE(none.kept.empty());
}

TEST(Precision, ResizeIsNarrowWithItsScalesAsTheyWere) {
  StepGraph graph;
  const int x = add_value(graph, "x", {1, 2, 4, 4});
  const int scales = add_value(graph, "scales", {4});
  const int y = add_value(graph, "y", {1, 2, 8, 8});
  Tensor numbers = *Tensor::allocate(DataType::kF32, {4});
  const std::array<float, 4> doubled = {1, 1, 2, 2};
  std::ranges::copy(doubled, numbers.span<float>().begin());
  graph.values[static_cast<std::size_t>(scales)].constant = 0;
  graph.constants.push_back(std::move(numbers));
  graph.inputs = {x};
  graph.outputs = {y};
  graph.steps.push_back({.name = "up", .op = *parse_op("Resize", ""), .inputs = {x, kNone, scales}, .outputs = {y}});
  PrecisionReport report;
  const auto narrow = with_precision(graph, DataType::kF16, {.keep = {}, .ranges = {}}, report);
  ASSERT_TRUE(narrow) << narrow.error().message;
  EXPECT_TRUE(report.kept.empty()) << report.kept[0].reason;
  for (const StepGraph::Step& step : (*narrow)->steps) {
    if (step.name != "up") continue;
    EXPECT_EQ((*narrow)->values[static_cast<std::size_t>(step.inputs[0])].type.dtype, DataType::kF16);
    EXPECT_EQ((*narrow)->values[static_cast<std::size_t>(step.inputs[2])].type.dtype, DataType::kF32);
  }
}

TEST(Precision, StepsAroundAValueBeyondFp16StayInFp32WithReasonAndNumbers) {
  const auto graph = std::make_shared<const StepGraph>(graph_with_a_huge_value());
  const std::vector<Tensors> samples = {one_sample(2)};
  PrecisionReport report;
  const auto narrow =
      with_precision(*graph, DataType::kF16, {.keep = {}, .ranges = *measure_ranges(graph, samples)}, report);
  ASSERT_TRUE(narrow) << narrow.error().message;
  ASSERT_EQ(report.kept.size(), 2U) << "the one that writes it and the one that reads it";
  EXPECT_EQ(report.kept[0].step, "second");
  EXPECT_EQ(report.kept[1].step, "third");
  for (const PrecisionReport::Kept& kept : report.kept) {
    EXPECT_EQ(kept.value, "huge");
    EXPECT_EQ(kept.largest, 1e6);
    EXPECT_NE(kept.reason.find("65504"), std::string::npos) << kept.reason;
  }
  EXPECT_EQ(report.steps, 2);
  // What is computed so is right, where all in FP16 would be infinite.
  const auto results = run_reference(**narrow, one_sample(2));
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_NEAR((*results)[0].span<float>()[5], 1000, 1);
}

TEST(Precision, AValueThatFitsLeavesAllStepsNarrowAndBf16NeedsNoCheck) {
  const auto graph = std::make_shared<const StepGraph>(graph_with_a_huge_value());
  const std::vector<Tensors> samples = {one_sample(0.0625F)};  // 31250 at most: half of 65504 is 32752
  const auto ranges = *measure_ranges(graph, samples);
  PrecisionReport report;
  ASSERT_TRUE(with_precision(*graph, DataType::kF16, {.keep = {}, .ranges = ranges}, report));
  EXPECT_TRUE(report.kept.empty());
  EXPECT_EQ(report.steps, 4);
  PrecisionReport bf16;
  const std::vector<Tensors> large = {one_sample(100)};
  ASSERT_TRUE(with_precision(*graph, DataType::kBF16, {.keep = {}, .ranges = *measure_ranges(graph, large)}, bf16));
  EXPECT_TRUE(bf16.kept.empty());
}

TEST(Precision, LayersAreKeptByTheirNamesAndPatterns) {
  const auto graph = std::make_shared<const StepGraph>(graph_with_a_huge_value());
  for (const char* pattern : {"third", "user/*", "y", "th*d"}) {
    PrecisionReport report;
    ASSERT_TRUE(with_precision(*graph, DataType::kBF16, {.keep = {pattern}, .ranges = {}}, report));
    ASSERT_EQ(report.kept.size(), 1U) << pattern;
    EXPECT_EQ(report.kept[0].step, "third");
    EXPECT_NE(report.kept[0].reason.find(pattern), std::string::npos);
  }
  PrecisionReport report;
  const auto wrong = with_precision(*graph, DataType::kBF16, {.keep = {"fourth"}, .ranges = {}}, report);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kNotFound);
  EXPECT_NE(wrong.error().message.find("fourth"), std::string::npos);
}

TEST(Precision, OfAMaskBeyondFp16OnlyTheMaskOfAttentionStaysInFp32) {
  StepGraph graph;
  const int q = add_value(graph, "q", {1, 2, 8, 16});
  const int mask = add_value(graph, "mask", {1, 1, 1, 8});
  const int y = add_value(graph, "y", {1, 2, 8, 16});
  graph.inputs = {q, mask};
  graph.outputs = {y};
  graph.steps.push_back(
      {.name = "attention", .op = *parse_op("Attention", " scale=0.25"), .inputs = {q, q, q, mask}, .outputs = {y}});
  std::vector<ValueRange> ranges(3);
  ranges[0] = {.largest = 3, .rounding = 2e-4, .known = true};
  ranges[1] = {.largest = 3.4e38, .rounding = 0, .known = true};
  ranges[2] = {.largest = 3, .rounding = 2e-4, .known = true};
  PrecisionReport report;
  const auto narrow = with_precision(graph, DataType::kF16, {.keep = {}, .ranges = ranges}, report);
  ASSERT_TRUE(narrow) << narrow.error().message;
  EXPECT_TRUE(report.kept.empty());
  EXPECT_EQ(report.steps, 1);
  for (const StepGraph::Step& step : (*narrow)->steps) {
    if (step.name != "attention") continue;
    EXPECT_EQ((*narrow)->values[static_cast<std::size_t>(step.inputs[0])].type.dtype, DataType::kF16);
    EXPECT_EQ((*narrow)->values[static_cast<std::size_t>(step.inputs[3])].type.dtype, DataType::kF32);
  }
}

}  // namespace
}  // namespace bolide
