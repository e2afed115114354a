#include "plan/candidates.h"

#include "ops/activation.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

/// Takes one input or refuses; never run.
class Estimated final : public Tactic {
 public:
  constexpr Estimated(std::string_view name, bool takes) : Tactic(name, 3), takes_(takes) {}
  Verdict accepts(const Problem&, const Target&) const override {
    return takes_ ? accept() : reject("7 channels; needs 8");
  }
  double estimate_us(const Problem&, const Target&) const override { return 12.5; }
  Result<std::unique_ptr<Kernel>> bind(const Problem&, const Target&) const override { return unsupported("a test"); }

 private:
  bool takes_;
};

constexpr Estimated kTakes("test.takes", true);
constexpr Estimated kRefuses("test.refuses", false);

struct Weighing {
  CandidateReport of(const Tactic& tactic) const {
    return weigh(tactic, "conv1", problem, "key", target, costs, rules);
  }
  Op op{Relu{}};
  Problem problem{.op = &op};
  Target target;
  CostTable costs;
  TacticRules rules;
};

TEST(Candidates, CostWhatIsEstimatedUntilTheyAreMeasured) {
  Weighing now;
  CandidateReport report = now.of(kTakes);
  EXPECT_TRUE(report.verdict.accepted);
  EXPECT_EQ(report.us, 12.5);
  EXPECT_FALSE(report.measured);
  now.costs.set("key", kTakes, 4);
  report = now.of(kTakes);
  EXPECT_EQ(report.us, 4);
  EXPECT_TRUE(report.measured);
}

TEST(Candidates, AreOutByRuleByRefusalOrByHavingBeenTried) {
  Weighing now;
  EXPECT_EQ(now.of(kRefuses).verdict.reason, "7 channels; needs 8");
  now.costs.set("key", kTakes, kRefusedUs);
  EXPECT_EQ(now.of(kTakes).verdict.reason, "was tried and does not take it");
  now.rules.forbidden = {"test.*"};
  for (const Tactic* tactic : {static_cast<const Tactic*>(&kTakes), static_cast<const Tactic*>(&kRefuses)}) {
    const CandidateReport report = now.of(*tactic);
    EXPECT_FALSE(report.verdict.accepted);
    EXPECT_EQ(report.verdict.reason, *refused_by(now.rules, "conv1", tactic->name()));
  }
}

TEST(Candidates, ThatAreAllOutAreNamedWithTheirReasons) {
  Weighing now;
  const std::vector<CandidateReport> refused = {now.of(kRefuses)};
  const Error error = no_tactic("conv1", now.problem, "cpu", refused);
  EXPECT_EQ(error.code, Code::kUnsupported);
  EXPECT_EQ(error.message, "step 'conv1' (Relu): no tactic of cpu can run it; test.refuses: 7 channels; needs 8");
}

}  // namespace
}  // namespace bolide
