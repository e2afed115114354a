#include "plan/memory.h"

#include <gtest/gtest.h>

#include <random>

namespace bolide {
namespace {

TEST(PlanMemory, BuffersThatDoNotLiveTogetherShareTheirPlace) {
  const std::vector<Lifetime> lifetimes = {{640, 0, 1}, {640, 2, 3}};
  const MemoryPlan plan = plan_memory(lifetimes);
  EXPECT_EQ(plan.offsets[0], plan.offsets[1]);
  EXPECT_EQ(plan.arena_bytes, 640);
  EXPECT_EQ(plan.lower_bound, 640);
}

TEST(PlanMemory, ABufferReadByTheStepThatWritesAnotherOverlapsIt) {
  const std::vector<Lifetime> lifetimes = {{64, 0, 1}, {64, 1, 2}};
  const MemoryPlan plan = plan_memory(lifetimes);
  EXPECT_NE(plan.offsets[0], plan.offsets[1]);
  EXPECT_EQ(plan.arena_bytes, 128);
}

TEST(PlanMemory, SizesAreRoundedUpToSixtyFourBytes) {
  const std::vector<Lifetime> lifetimes = {{1, 0, 2}, {65, 0, 2}};
  EXPECT_EQ(plan_memory(lifetimes).arena_bytes, 64 + 128);
}

TEST(PlanMemory, NothingNeedsNoArena) { EXPECT_EQ(plan_memory({}).arena_bytes, 0); }

TEST(PlanMemory, RandomLifetimesNeverOverlapAndStayNearTheLowerBound) {
  std::mt19937 random(7);
  double worst = 1;
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> lifetimes;
    for (int i = 0; i < 80; ++i) {
      const int first = static_cast<int>(random() % 60);
      lifetimes.push_back({static_cast<std::int64_t>(random() % 5000), first, first + static_cast<int>(random() % 8)});
    }
    const MemoryPlan plan = plan_memory(lifetimes);
    for (std::size_t i = 0; i < lifetimes.size(); ++i) {
      EXPECT_EQ(plan.offsets[i] % 64, 0);
      for (std::size_t j = 0; j < i; ++j) {
        const bool together = lifetimes[i].first <= lifetimes[j].last && lifetimes[j].first <= lifetimes[i].last;
        const bool apart = plan.offsets[i] + lifetimes[i].bytes <= plan.offsets[j] ||
                           plan.offsets[j] + lifetimes[j].bytes <= plan.offsets[i];
        EXPECT_TRUE(!together || apart) << "round " << round << " buffers " << i << " and " << j;
      }
    }
    ASSERT_GE(plan.arena_bytes, plan.lower_bound);
    worst = std::max(worst, static_cast<double>(plan.arena_bytes) / static_cast<double>(plan.lower_bound));
  }
  EXPECT_LT(worst, 1.3);
}

}  // namespace
}  // namespace bolide
