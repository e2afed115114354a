#include "support.h"

#include <atomic>
#include <thread>

namespace bolide {
namespace {

using testing::bits;
using testing::quick;
using testing::wave;

TEST(Threads, TwoEnginesRunFromSeveralThreadsAtOnceWithTheSameBits) {
  const auto first = Builder().build(testing::residual_network(), quick());
  const auto second = Builder().build(testing::small_network(), quick());
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  const HostTensor image = wave({2, 3, 32, 32}, 0.1, 1);
  const HostTensor other = wave({3, 1, 3, 3}, 0.4, 1);
  const auto want_first = bits(*first, image);
  const auto want_second = bits(*second, other);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Engine& engine = t % 2 == 0 ? *first : *second;
      const HostTensor& input = t % 2 == 0 ? image : other;
      const auto& want = t % 2 == 0 ? want_first : want_second;
      for (int i = 0; i < 5; ++i) wrong += bits(engine, input) == want ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Threads, NewShapesMayBePlannedFromSeveralThreadsAtOnce) {
  const auto engine = Builder().build(testing::residual_network(), quick());
  ASSERT_TRUE(engine);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t n = 1; n <= 3; ++n) {
        const auto results = infer(*engine, {{"image", wave({(n + t) % 3 + 1, 3, 32, 32}, 1, 1)}});
        failed += results ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
}

TEST(Threads, ASecondRunOfTheSameContextIsRefusedOrComesAfter) {
  const auto engine = Builder().build(testing::residual_network(), quick());
  ASSERT_TRUE(engine);
  ExecutionContext context = *engine->make_context();
  const HostTensor image = wave({4, 3, 32, 32}, 0.1, 1);
  ASSERT_TRUE(context.set_input("image", image));
  ASSERT_TRUE(context.run());
  std::atomic<int> surprises = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const Status ran = context.run();
        if (!ran && ran.error().code != Code::kInvalidArgument) ++surprises;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(surprises, 0);
}

TEST(Threads, BuildingRunningAndReleasingMix) {
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2; ++i) {
        const auto engine = Builder().build(testing::small_network(), quick());
        if (!engine || !infer(*engine, {{"x", testing::filled({1, 1, 3, 3}, 1)}})) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace bolide
