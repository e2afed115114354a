#include "base/time_limit.h"

#include <gtest/gtest.h>

#include <thread>

namespace bolide {
namespace {

std::string state() {
  const Status status = TimeLimit::check();
  return status ? "in time" : strings::join(name(status.error().code), ": ", status.error().message);
}

void wait(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

TEST(TimeLimit, IsOverAfterItsSeconds) {
  EXPECT_EQ(TimeLimit::current(), nullptr);
  EXPECT_EQ(state(), "in time");
  {
    const TimeLimit limit(0.001);
    wait(0.002);
    EXPECT_TRUE(limit.is_over());
    EXPECT_EQ(state(), "cancelled: the time limit of 0.001 s is over");
  }
  EXPECT_EQ(state(), "in time") << "it ends with its scope";
}

TEST(TimeLimit, OfNoSecondsIsNone) {
  const TimeLimit none(0);
  const TimeLimit negative(-1);
  const TimeLimit longest(1e300);
  EXPECT_EQ(state(), "in time");
}

TEST(TimeLimit, HoldsInsideOfLongerOnes) {
  const TimeLimit outer(0.001);
  const TimeLimit inner(1000);
  wait(0.002);
  EXPECT_TRUE(inner.is_over());
  EXPECT_EQ(state(), "cancelled: the time limit of 0.001 s is over");
}

TEST(TimeLimit, MayBeEndedByAnotherThread) {
  std::atomic<bool> cancelled = false;
  const TimeLimit limit(0, &cancelled);
  EXPECT_EQ(state(), "in time");
  std::thread([&] {
    EXPECT_EQ(TimeLimit::current(), nullptr) << "it is of the thread that made it";
    cancelled = true;
  }).join();
  EXPECT_EQ(state(), "cancelled: the run was cancelled");
}

}  // namespace
}  // namespace bolide
