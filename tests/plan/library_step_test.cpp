#include "ops/all.h"
#include "plan/schedule.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

class NoWork final : public HostKernel {
 public:
  Grid grid(int) const override { return {}; }
  Status run(int, const KernelBuffers&, Range, Range) const override { return {}; }
};

class FakeTactic final : public Tactic {
 public:
  constexpr FakeTactic(std::string_view name, double us, bool library, bool binds)
      : Tactic(name, 1), us_(us), library_(library), binds_(binds) {}
  Verdict accepts(const Problem&, const Target&) const override { return accept(); }
  double estimate_us(const Problem&, const Target&) const override { return us_; }
  Result<std::unique_ptr<Kernel>> bind(const Problem&, const Target&) const override {
    if (!binds_) return out_of_memory("no room for its handle");
    return std::unique_ptr<Kernel>(std::make_unique<NoWork>());
  }
  bool is_library() const override { return library_; }

 private:
  double us_;
  bool library_;
  bool binds_;
};

constexpr FakeTactic kBroken("library.0", 1, true, false);
constexpr FakeTactic kAlsoBroken("library.1", 2, true, false);
constexpr FakeTactic kSlow("slow", 50, false, true);
constexpr FakeTactic kQuick("quick", 5, false, true);

class FakeBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::vector<const Tactic*> tactics(const Op&) const override { return {&kBroken, &kAlsoBroken, &kSlow, &kQuick}; }
  const Target& target() const override { return target_; }
  const Tactic* find_tactic(std::string_view) const override { return nullptr; }

 private:
  Target target_{.backend = "cpu", .fingerprint = "fake", .threads = 1};
};

StepGraph one_step() {
  StepGraph graph;
  graph.values = {{"x", {DataType::kF32, {4}}}, {"y", {DataType::kF32, {4}}}};
  graph.inputs = {0};
  graph.outputs = {1};
  graph.steps.push_back({.name = "relu", .op = Relu{}, .inputs = {0}, .outputs = {1}, .members = {"relu"}});
  return graph;
}

TEST(LibraryStep, IsRunByTheBestOtherTacticWhereTheLibraryFails) {
  const StepGraph graph = one_step();
  const std::vector<Dims> inputs = {{4}};
  const auto schedule = plan_schedule(graph, inputs, FakeBackend(), {});
  ASSERT_TRUE(schedule) << schedule.error().message;
  ASSERT_EQ(schedule->steps.size(), 1U);
  EXPECT_EQ(schedule->steps[0].tactic, &kQuick);
  EXPECT_NE(schedule->steps[0].kernel, nullptr);
}

TEST(LibraryStep, ATacticThatRefusedWhenItWasTriedIsNotChosen) {
  const StepGraph graph = one_step();
  const std::vector<Dims> inputs = {{4}};
  const auto sizes = resolve_sizes(graph, inputs);
  ASSERT_TRUE(sizes) << sizes.error().message;
  CostTable costs;
  Problem problem{.op = &graph.steps[0].op};
  problem.inputs = {{.dtype = DataType::kF32, .dims = {4}, .strides = {1}}};
  problem.outputs = problem.inputs;
  costs.set(problem.key(), kBroken, kRefusedUs);
  costs.set(problem.key(), kSlow, 3);
  const auto choice = select(graph, *sizes, FakeBackend(), costs);
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_EQ(choice->steps[0].tactic, &kSlow);
}

}  // namespace
}  // namespace bolide
