#include "tune/tuner.h"

#include "fake_measurer.h"
#include "ops/all.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

using testing::FakeMeasurer;

class FakeTactic final : public Tactic {
 public:
  constexpr FakeTactic(std::string_view name, double estimate, bool reference = false, bool dense_only = false,
                       bool library = false)
      : Tactic(name, 1), estimate_(estimate), reference_(reference), row_major_only_(dense_only), library_(library) {}
  Verdict accepts(const Problem& problem, const Target&) const override {
    if (!row_major_only_) return accept();
    for (const Operand& input : problem.inputs) {
      if (!input.contiguous()) return reject("reads row-major only");
    }
    return accept();
  }
  double estimate_us(const Problem&, const Target&) const override { return estimate_; }
  Result<std::unique_ptr<Kernel>> bind(const Problem&, const Target&) const override {
    return unsupported("never runs");
  }
  bool is_reference() const override { return reference_; }
  bool is_library() const override { return library_; }

 private:
  double estimate_;
  bool reference_;
  bool row_major_only_;
  bool library_;
};

// By estimate first < second < third < fourth < fifth; the reference claims to be quick.
constexpr FakeTactic kFirst("first", 100);
constexpr FakeTactic kSecond("second", 110);
constexpr FakeTactic kThird("third", 120);
constexpr FakeTactic kFourth("fourth", 130);
constexpr FakeTactic kFifth("fifth", 140);
constexpr FakeTactic kReference("reference", 1000, true);

class FakeBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::vector<const Tactic*> tactics(const Op&) const override {
    return {&kFirst, &kSecond, &kThird, &kFourth, &kFifth, &kReference};
  }
  const Target& target() const override { return target_; }
  const Tactic* find_tactic(std::string_view) const override { return nullptr; }

 private:
  Target target_{.backend = "cpu", .fingerprint = "fake", .threads = 1};
};

/// x -> relu -> sigmoid -> tanh -> exp, all [n,8].
std::shared_ptr<const StepGraph> chain() {
  auto graph = std::make_shared<StepGraph>();
  const TensorType type{DataType::kF32, {Dim("n"), 8}};
  graph->values = {{"x", type}, {"a", type}, {"b", type}, {"c", type}, {"d", type}};
  graph->inputs = {0};
  graph->outputs = {4};
  const std::array<Op, 4> ops = {Relu{}, Sigmoid{}, Tanh{}, Exp{}};
  for (int i = 0; i < 4; ++i) {
    const Op& op = ops[static_cast<std::size_t>(i)];
    graph->steps.push_back({.name = std::string(op.name()), .op = op, .inputs = {i}, .outputs = {i + 1}});
  }
  return graph;
}

std::vector<Sizes> sizes_of(const StepGraph& graph, std::int64_t n) {
  return {*resolve_sizes(graph, std::vector<Dims>{{n, 8}})};
}

std::vector<std::string> chosen(const Choice& choice) {
  std::vector<std::string> out;
  for (const StepChoice& step : choice.steps) out.emplace_back(step.tactic->name());
  return out;
}

TEST(Tuner, EachTacticWinsWhereTheClockSaysSo) {
  const auto graph = chain();
  const std::map<std::string_view, std::string_view> winners = {
      {"Relu", "first"}, {"Sigmoid", "second"}, {"Tanh", "third"}, {"Exp", "fourth"}};
  FakeMeasurer measurer([&](const Problem& problem, std::string_view tactic) {
    return winners.at(problem.op->name()) == tactic ? 10.0 : 15.0;
  });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(chosen(report->choices[0]), (std::vector<std::string>{"first", "second", "third", "fourth"}));
  EXPECT_TRUE(report->complete);
  EXPECT_EQ(report->measured, 16);
  EXPECT_EQ(measurer.problems, 4);
  for (const StepChoice& step : report->choices[0].steps) {
    EXPECT_TRUE(step.measured);
    EXPECT_EQ(step.us, 10.0);
  }
}

TEST(Tuner, EffortSaysHowManyOfTheBestRankedAreTimed) {
  const auto graph = chain();
  for (const auto& [effort, measured] : {std::pair{0, 0}, std::pair{1, 8}, std::pair{2, 16}, std::pair{3, 20}}) {
    FakeMeasurer measurer([](const Problem&, std::string_view tactic) { return tactic == "fifth" ? 5.0 : 9.0; });
    CostTable costs;
    const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer, {.effort = effort});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->measured, measured) << "effort " << effort;
    EXPECT_EQ(chosen(report->choices[0])[0], effort == 3 ? "fifth" : "first") << "effort " << effort;
  }
}

TEST(Tuner, AnUnmeasuredTacticDoesNotWinByAHopefulEstimate) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view) { return 500.0; });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer, {.effort = 1});
  ASSERT_TRUE(report);
  EXPECT_EQ(chosen(report->choices[0])[0], "first");  // not third, whose estimate is 120
}

TEST(Tuner, TheReferenceIsNotTimedWhereAnotherTacticCanRun) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view) { return 10.0; });
  CostTable costs;
  ASSERT_TRUE(tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer, {.effort = 3}));
  EXPECT_FALSE(measurer.runs.contains("reference"));
}

TEST(Tuner, ATacticOfTwiceTheTimeIsDroppedEarly) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view tactic) { return tactic == "second" ? 90.0 : 10.0; });
  CostTable costs;
  ASSERT_TRUE(tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer));
  EXPECT_EQ(measurer.runs["second"], 4);  // once for each of the four problems
  EXPECT_GE(measurer.runs["first"], 4 * 4);
}

TEST(Tuner, AFailingTacticIsPassedOver) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view tactic) { return tactic == "first" ? -1.0 : 10.0; });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer);
  ASSERT_TRUE(report);
  EXPECT_EQ(chosen(report->choices[0])[0], "second");
}

TEST(Tuner, EqualProblemsOfManyStepsAreMeasuredOnce) {
  auto graph = std::make_shared<StepGraph>(*chain());
  for (StepGraph::Step& step : graph->steps) step.op = Relu{};
  FakeMeasurer measurer([](const Problem&, std::string_view) { return 10.0; });
  CostTable costs;
  ASSERT_TRUE(tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer));
  EXPECT_EQ(measurer.problems, 1);
}

TEST(Tuner, ShapesAreChosenForOneByOne) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem& problem, std::string_view tactic) {
    return tactic == (problem.inputs[0].dims[0] == 1 ? "second" : "third") ? 10.0 : 12.0;
  });
  CostTable costs;
  const std::vector<Sizes> shapes = {sizes_of(*graph, 1)[0], sizes_of(*graph, 64)[0]};
  const auto report = tune(*graph, shapes, FakeBackend(), costs, nullptr, measurer);
  ASSERT_TRUE(report);
  EXPECT_EQ(chosen(report->choices[0])[1], "second");
  EXPECT_EQ(chosen(report->choices[1])[1], "third");
}

TEST(Tuner, StopsWhenTheTimeIsUpAndKeepsWhatItKnows) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view tactic) { return tactic == "second" ? 2e5 : 3e5; });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer, {.budget_s = 1});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete);
  EXPECT_LT(report->seconds, 4);
  EXPECT_LT(measurer.problems, 4);
  EXPECT_GE(measurer.problems, 1);
}

TEST(Tuner, TheUserMayCancelAndGetsTheBestSoFar) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view) { return 10.0; });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer,
                           {.cancelled = [&] { return measurer.problems >= 2; }});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete);
  EXPECT_EQ(measurer.problems, 2);
  EXPECT_EQ(report->choices[0].steps.size(), 4U);
}

TEST(Tuner, ReportsHowFarItIs) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view) { return 10.0; });
  CostTable costs;
  std::vector<std::string> seen;
  ASSERT_TRUE(tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer,
                   {.progress = [&](const TuneProgress& progress) {
                     seen.push_back(strings::join(progress.done, "/", progress.total, " ", progress.what));
                     EXPECT_GT(progress.seconds_left, 0);
                   }}));
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_TRUE(seen[0].starts_with("0/4 ")) << seen[0];
  EXPECT_TRUE(seen[3].starts_with("3/4 ")) << seen[3];
}

TEST(Tuner, RemembersTimesOfEarlierBuilds) {
  const auto graph = chain();
  TimingCache cache("fake");
  FakeMeasurer first([](const Problem&, std::string_view tactic) { return tactic == "third" ? 10.0 : 15.0; });
  CostTable costs;
  ASSERT_TRUE(tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, &cache, first));
  EXPECT_EQ(cache.size(), 16U);

  FakeMeasurer second([](const Problem&, std::string_view) { return 1.0; });
  CostTable again;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), again, &cache, second);
  ASSERT_TRUE(report);
  EXPECT_EQ(second.problems, 0);
  EXPECT_EQ(report->remembered, 16);
  EXPECT_EQ(chosen(report->choices[0]), (std::vector<std::string>{"third", "third", "third", "third"}));
  EXPECT_EQ(again.entries(), costs.entries());

  TimingCache other("another device");
  other.merge(cache.text());
  FakeMeasurer third([](const Problem&, std::string_view) { return 1.0; });
  CostTable fresh;
  ASSERT_TRUE(tune(*graph, sizes_of(*graph, 4), FakeBackend(), fresh, &other, third));
  EXPECT_EQ(third.problems, 4);
}

TEST(Tuner, RulesKeepForbiddenTacticsFromBeingTimed) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view) { return 10.0; });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer,
                           {.rules = {.forbidden = {"f*"}, .forced = {"Tanh=third"}}});
  ASSERT_TRUE(report);
  EXPECT_EQ(chosen(report->choices[0]), (std::vector<std::string>{"second", "second", "third", "second"}));
  EXPECT_FALSE(measurer.runs.contains("first"));
}

// A network of one spatial step that is quick channels-last and one that reads row-major only.
constexpr FakeTactic kLibraryFirst("library.0", 1e6, false, false, true);
constexpr FakeTactic kLibrarySecond("library.1", 1e6 + 1, false, false, true);

class LibraryBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::vector<const Tactic*> tactics(const Op&) const override {
    return {&kFirst, &kSecond, &kThird, &kFourth, &kFifth, &kLibraryFirst, &kLibrarySecond, &kReference};
  }
  const Target& target() const override { return target_; }
  const Tactic* find_tactic(std::string_view) const override { return nullptr; }

 private:
  Target target_{.backend = "cpu", .fingerprint = "fake", .threads = 1};
};

TEST(Tuner, LibrariesAreTimedBesideTheOthersOfTheChosenLayouts) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem& problem, std::string_view tactic) {
    if (tactic == "library.1") return problem.op->name() == "Tanh" ? 5.0 : 11.0;
    return tactic == "second" ? 10.0 : 12.0;
  });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), LibraryBackend(), costs, nullptr, measurer);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(chosen(report->choices[0]), (std::vector<std::string>{"second", "second", "library.1", "second"}));
  ASSERT_EQ(measurer.added.size(), 4U * 6) << "of each problem the four best and the libraries'";
  EXPECT_EQ(std::vector<std::string>(measurer.added.begin(), measurer.added.begin() + 6),
            (std::vector<std::string>{"first", "second", "third", "fourth", "library.0", "library.1"}));
}

TEST(Tuner, LibrariesThatRefuseAreRememberedAndNotChosen) {
  const auto graph = chain();
  TimingCache cache("fake");
  FakeMeasurer first([](const Problem&, std::string_view) { return 10.0; });
  first.refusing = {"library.0", "library.1"};
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), LibraryBackend(), costs, &cache, first);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(chosen(report->choices[0])[0], "first");
  FakeMeasurer second([](const Problem&, std::string_view) { return 1.0; });
  CostTable again;
  const auto once_more = tune(*graph, sizes_of(*graph, 4), LibraryBackend(), again, &cache, second);
  ASSERT_TRUE(once_more) << once_more.error().message;
  EXPECT_EQ(second.added, std::vector<std::string>{}) << "known from the cache";
  EXPECT_EQ(chosen(once_more->choices[0])[0], "first");
}

TEST(Tuner, WithoutTimesNoLibraryIsChosen) {
  const auto graph = chain();
  FakeMeasurer measurer([](const Problem&, std::string_view) { return 10.0; });
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), LibraryBackend(), costs, nullptr, measurer, {.effort = 0});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(chosen(report->choices[0])[0], "first");
}

class LayoutBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::vector<const Tactic*> tactics(const Op& op) const override {
    static constexpr FakeTactic kAny("any", 50);
    static constexpr FakeTactic kRows("rows", 1000, false, true);
    if (op.is<Tanh>()) return {&kRows};
    return {&kAny};
  }
  const Target& target() const override { return target_; }
  const Tactic* find_tactic(std::string_view) const override { return nullptr; }

 private:
  Target target_{.backend = "cpu", .fingerprint = "fake", .threads = 1};
};

TEST(Tuner, OtherLayoutsAreMeasuredToo) {
  auto graph = std::make_shared<StepGraph>();
  const TensorType type{DataType::kF32, {2, 8, 16, 16}};
  graph->values = {{"x", type}, {"a", type}, {"b", type}, {"c", type}};
  graph->inputs = {0};
  graph->outputs = {3};
  const std::array<Op, 3> ops = {Softmax{}, Tanh{}, Softmax{}};
  for (int i = 0; i < 3; ++i) {
    const Op& op = ops[static_cast<std::size_t>(i)];
    graph->steps.push_back({.name = std::string(op.name()), .op = op, .inputs = {i}, .outputs = {i + 1}});
  }
  // Channels-last results are far quicker to make; copies cost little, and are measured like any step.
  FakeMeasurer measurer([](const Problem& problem, std::string_view) {
    if (problem.op->is<Identity>()) return 5.0;
    return problem.outputs[0].contiguous() ? 900.0 : 20.0;
  });
  CostTable costs;
  const std::vector<Sizes> shapes = {*resolve_sizes(*graph, std::vector<Dims>{{2, 8, 16, 16}})};
  const auto report = tune(*graph, shapes, LayoutBackend(), costs, nullptr, measurer);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->complete);
  EXPECT_EQ(report->choices[0].orders[1], channels_last(4));
  EXPECT_EQ(report->choices[0].orders[2], channels_last(4));
  EXPECT_EQ(report->choices[0].steps[1].us < 100, true) << report->choices[0].steps[1].us;
}

TEST(Tuner, ALongTimeThatAnotherProgramCausedIsMendedByALaterLook) {
  const auto graph = chain();
  // While the first of the four problems is timed for the first time, something else runs.
  int runs_of_relu = 0;
  FakeMeasurer measurer([&](const Problem& problem, std::string_view tactic) {
    const double us = tactic == "first" ? 10.0 : 15.0;
    const bool hit = problem.op->is<Relu>() && tactic == "first" && ++runs_of_relu <= 16;
    return hit ? 1.8 * us : us;
  });
  measurer.is_disturbed = true;
  CostTable costs;
  const auto report = tune(*graph, sizes_of(*graph, 4), FakeBackend(), costs, nullptr, measurer);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(chosen(report->choices[0])[0], "first");
  EXPECT_EQ(report->choices[0].steps[0].us, 10.0);
  EXPECT_EQ(report->measured, 16);
}

TEST(Tuner, ElementwiseStepsOfEveryOrderShareATime) {
  auto graph = std::make_shared<StepGraph>();
  const TensorType type{DataType::kF32, {2, 8, 16, 16}};
  graph->values = {{"x", type}, {"a", type}};
  graph->inputs = {0};
  graph->outputs = {1};
  graph->steps.push_back({.name = "sigmoid", .op = Sigmoid{}, .inputs = {0}, .outputs = {1}});
  // What looks much faster channels-last was only disturbed less.
  FakeMeasurer measurer([](const Problem& problem, std::string_view) {
    if (problem.op->is<Identity>()) return 5.0;
    const bool quick = !problem.outputs[0].contiguous() && problem.inputs[0].strides == problem.outputs[0].strides;
    return quick ? 20.0 : 900.0;
  });
  CostTable costs;
  const std::vector<Sizes> shapes = {*resolve_sizes(*graph, std::vector<Dims>{{2, 8, 16, 16}})};
  const auto report = tune(*graph, shapes, LayoutBackend(), costs, nullptr, measurer);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->choices[0].orders[1], row_major(4));
}

}  // namespace
}  // namespace bolide
