#include "plan/lanes.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace bolide {
namespace {

/// A schedule of steps on bytes: each reads and writes parts of buffers.
class Sketch {
 public:
  int buffer(std::int64_t bytes, ScheduleBuffer::Kind kind = ScheduleBuffer::Kind::kArena) {
    schedule.buffers.push_back({.kind = kind, .bytes = bytes});
    return static_cast<int>(schedule.buffers.size()) - 1;
  }
  /// A box of 8-bit numbers in a buffer.
  struct Part {
    int buffer = kNone;
    Dims dims;
    Dims strides;
    std::int64_t offset = 0;
  };
  Part whole(int buffer) const { return {buffer, {schedule.buffers[static_cast<std::size_t>(buffer)].bytes}, {1}}; }
  int step(const std::vector<Part>& reads, const std::vector<Part>& writes) {
    ScheduledStep step;
    for (const Part& part : reads) {
      step.problem.inputs.push_back({.dtype = DataType::kU8, .dims = part.dims, .strides = part.strides});
      step.inputs.push_back({part.buffer, part.offset});
    }
    for (const Part& part : writes) {
      step.problem.outputs.push_back({.dtype = DataType::kU8, .dims = part.dims, .strides = part.strides});
      step.outputs.push_back({part.buffer, part.offset});
    }
    schedule.steps.push_back(std::move(step));
    return static_cast<int>(schedule.steps.size()) - 1;
  }
  /// Lanes for steps of one microsecond each.
  Lanes lanes(int most = 4) const {
    return assign_lanes(find_step_order(schedule), std::vector<double>(schedule.steps.size(), 1), most);
  }
  void put(const Lanes& lanes) {
    schedule.lanes = lanes.count;
    for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
      schedule.steps[s].lane = lanes.lane[s];
      schedule.steps[s].after = lanes.after[s];
    }
  }

  Schedule schedule;
};

TEST(StepOrder, IsThatOfWritersAndReadersWithoutWhatFollows) {
  Sketch sketch;
  const int a = sketch.buffer(10);
  const int b = sketch.buffer(10);
  const int c = sketch.buffer(10);
  sketch.step({}, {sketch.whole(a)});
  sketch.step({sketch.whole(a)}, {sketch.whole(b)});
  sketch.step({sketch.whole(a), sketch.whole(b)}, {sketch.whole(c)});  // after 1, and so after 0
  sketch.step({}, {sketch.whole(a)});                                  // after those that read a
  EXPECT_EQ(find_step_order(sketch.schedule), (StepOrder{{}, {0}, {1}, {2}}));
}

TEST(StepOrder, TellsSlicesOfOneBufferApart) {
  Sketch sketch;
  const int joined = sketch.buffer(2 * 6 * 8);  // [1,2,6,8]: rows of 8 channels
  const auto channels = [&](std::int64_t first, std::int64_t count) {
    return Sketch::Part{joined, {1, count, 2, 6}, {96, 1, 48, 8}, first};
  };
  sketch.step({}, {channels(0, 3)});
  sketch.step({}, {channels(3, 5)});
  sketch.step({channels(2, 2)}, {});  // of both
  sketch.step({channels(4, 2)}, {});
  sketch.step({channels(0, 8)}, {});
  EXPECT_EQ(find_step_order(sketch.schedule), (StepOrder{{}, {}, {1, 0}, {1}, {1, 0}}));
}

TEST(StepOrder, DoesNotCountConstants) {
  Sketch sketch;
  const int weights = sketch.buffer(10, ScheduleBuffer::Kind::kConstant);
  sketch.step({sketch.whole(weights)}, {});
  sketch.step({sketch.whole(weights)}, {});
  EXPECT_EQ(find_step_order(sketch.schedule), (StepOrder{{}, {}}));
}

TEST(StepLanes, KeepAChainTogether) {
  const Lanes lanes = assign_lanes({{}, {0}, {1}, {2}}, std::vector<double>(4, 1), 4);
  EXPECT_EQ(lanes.count, 1);
  EXPECT_EQ(lanes.lane, (std::vector<int>{0, 0, 0, 0}));
}

TEST(StepLanes, GiveBranchesLanesOfTheirOwnAndJoinThem) {
  // 0 -> {1 -> 2, 3 -> 4} -> 5
  const Lanes lanes = assign_lanes({{}, {0}, {1}, {0}, {3}, {4, 2}}, std::vector<double>(6, 1), 4);
  EXPECT_EQ(lanes.count, 2);
  EXPECT_EQ(lanes.lane, (std::vector<int>{0, 0, 0, 1, 1, 0}));
  EXPECT_EQ(lanes.after, (std::vector<std::vector<int>>{{}, {}, {}, {0}, {}, {4}}));
}

TEST(StepLanes, ContinueTheLaneThatIsWaitedForLongest) {
  const std::vector<double> us = {1, 1, 9, 1};
  const Lanes lanes = assign_lanes({{}, {0}, {0}, {2, 1}}, us, 4);
  EXPECT_EQ(lanes.lane, (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(lanes.after[3], (std::vector<int>{1}));
}

TEST(StepLanes, AreAtMostSoManyAndTakenAgain) {
  const StepOrder apart(10);
  EXPECT_EQ(assign_lanes(apart, std::vector<double>(10, 1), 3).count, 3);
  // Two pairs of branches one after the other need two lanes, not four.
  EXPECT_EQ(assign_lanes({{}, {0}, {0}, {2, 1}, {3}, {3}, {5, 4}}, std::vector<double>(7, 1), 8).count, 2);
}

/// Whether steps that may run at the same time touch the same bytes, one of them writing.
std::string find_race(const Schedule& schedule, const Lanes& lanes) {
  const Precedence precedence(lanes);
  struct Bytes {
    std::int64_t begin, end;
    bool writes;
  };
  const auto bytes_of = [&](const ScheduledStep& step) {
    std::vector<Bytes> out;
    const auto add = [&](const Place& place, bool writes) {
      const ScheduleBuffer& buffer = schedule.buffers[static_cast<std::size_t>(place.buffer)];
      out.push_back({buffer.arena_offset, buffer.arena_offset + buffer.bytes, writes});
    };
    for (const Place& place : step.inputs) add(place, false);
    for (const Place& place : step.outputs) add(place, true);
    return out;
  };
  const auto steps = static_cast<int>(schedule.steps.size());
  for (int a = 0; a < steps; ++a) {
    for (int b = a + 1; b < steps; ++b) {
      if (precedence.before(a, b)) continue;
      for (const Bytes& first : bytes_of(schedule.steps[static_cast<std::size_t>(a)])) {
        for (const Bytes& second : bytes_of(schedule.steps[static_cast<std::size_t>(b)])) {
          if ((first.writes || second.writes) && first.begin < second.end && second.begin < first.end) {
            return strings::join("steps ", a, " and ", b);
          }
        }
      }
    }
  }
  return "";
}

TEST(StepLanes, NeverRaceWhateverTheNetworkAndTheMemoryPlan) {
  std::mt19937 random(7);
  int parallel = 0;
  for (int round = 0; round < 200; ++round) {
    Sketch sketch;
    std::vector<int> written;
    std::vector<Lifetime> lifetimes;
    const int steps = 5 + static_cast<int>(random() % 40);
    for (int s = 0; s < steps; ++s) {
      std::vector<Sketch::Part> reads;
      for (std::size_t i = random() % 3; i > 0 && !written.empty(); --i) {
        // Mostly of late.
        const std::size_t back = std::min<std::size_t>(random() % 6, written.size() - 1);
        const int from = written[written.size() - 1 - back];
        reads.push_back(sketch.whole(from));
        lifetimes[static_cast<std::size_t>(from)].last = s;
      }
      const int to = sketch.buffer(64 * static_cast<std::int64_t>(1 + random() % 20));
      lifetimes.push_back({sketch.schedule.buffers.back().bytes, s, s});
      sketch.step(reads, {sketch.whole(to)});
      written.push_back(to);
    }
    const Lanes lanes = sketch.lanes(1 + round % 6);
    ASSERT_LE(lanes.count, 1 + round % 6);
    sketch.put(lanes);
    std::vector<std::size_t> buffers(written.size());
    std::iota(buffers.begin(), buffers.end(), std::size_t{0});
    const MemoryPlan plan = plan_memory(lifetimes, buffers_apart(sketch.schedule, buffers));
    for (std::size_t b = 0; b < buffers.size(); ++b) sketch.schedule.buffers[b].arena_offset = plan.offsets[b];
    ASSERT_EQ(find_race(sketch.schedule, lanes), "") << "round " << round;
    EXPECT_GE(plan.arena_bytes, plan.lower_bound);
    parallel += lanes.count > 1 ? 1 : 0;
    if (lanes.count == 1) {
      EXPECT_EQ(plan.offsets, plan_memory(lifetimes).offsets);  // then it is what the lifetimes say
    }
  }
  EXPECT_GT(parallel, 100);
}

}  // namespace
}  // namespace bolide
