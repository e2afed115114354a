// What engines and contexts take of a real device's memory, and leave: not run where there is none.
#include "device_runs.h"

#include <functional>

namespace bolide::test {
namespace {

std::size_t used_bytes() {
  const auto device = cuda::CudaDevice::open(0);
  const auto memory = (*device)->memory();
  EXPECT_TRUE(memory);
  return memory->second - memory->first;
}

/// Whether each of a few rounds leaves more of the device's memory used than it found. In one, another process may have
/// taken it: the driver tells of all together.
bool takes_memory(const std::function<void()>& round) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t before = used_bytes();
    round();
    if (testing::Test::HasFatalFailure() || used_bytes() <= before) return false;
  }
  return true;
}

TEST(CudaRuntime, RunsInMemoryThatTheCallerGives) {
  BOLIDE_NEEDS_CUDA();
  const auto engine = engine_of(branches());
  const Tensor x = wave({2, 16, 20, 20}, 6);
  ContextCore context(engine);
  const auto wanted = run(context, x);
  const auto memory = *engine->backend().device()->allocate(*context.device_memory_bytes());
  ContextCore first(engine);
  ContextCore second(engine);
  ASSERT_TRUE(first.set_device_memory(memory->data(), memory->size()));
  ASSERT_TRUE(second.set_device_memory(memory->data(), memory->size()));  // one after the other
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(run(first, x), wanted);
    EXPECT_EQ(run(second, x), wanted);
  }
}

TEST(CudaRuntime, ContextsCreatedAndDestroyedAThousandTimesLeaveTheMemoryAsItWas) {
  BOLIDE_NEEDS_CUDA();
  const auto engine = engine_of(branches());
  const Tensor x = wave({2, 16, 20, 20}, 7);
  const auto once = [&] {
    ContextCore context(engine);
    ASSERT_FALSE(run(context, x).empty());
  };
  for (int i = 0; i < 20; ++i) once();
  EXPECT_FALSE(takes_memory([&] {
    for (int i = 0; i < 1000 && !testing::Test::HasFatalFailure(); ++i) once();
  }));
}

TEST(CudaRuntime, EnginesCreatedAndDestroyedLeaveTheMemoryAsItWas) {
  BOLIDE_NEEDS_CUDA();
  const auto device = *cuda::CudaDevice::open(0);  // holds the context between them
  const Tensor x = wave({2, 16, 20, 20}, 7);
  const auto once = [&] {
    const auto engine = engine_of(branches());
    ContextCore context(engine);
    ASSERT_FALSE(run(context, x).empty());
  };
  for (int i = 0; i < 3; ++i) once();
  EXPECT_FALSE(takes_memory([&] {
    for (int i = 0; i < 50 && !testing::Test::HasFatalFailure(); ++i) once();
  }));
}

TEST(CudaRuntime, ManyShapesLeaveTheMemoryBounded) {
  BOLIDE_NEEDS_CUDA();
  const auto engine = engine_of(branches());
  ContextCore context(engine);
  const std::vector<std::uint32_t> first = run(context, wave({1, 16, 20, 20}, 9));
  const auto all_sizes = [&] {
    for (const std::int64_t n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}) {
      const auto got = run(context, wave({n, 16, 20, 20}, 9));
      ASSERT_EQ(got.size(), static_cast<std::size_t>(n) * 10);
      if (n == 1) {
        EXPECT_EQ(got, first);
      }
    }
  };
  all_sizes();
  EXPECT_FALSE(takes_memory(all_sizes));
}

}  // namespace
}  // namespace bolide::test
