// A steady state on a device allocates nothing of the host's either; counted at malloc.
#include "runtime/allocations.h"
#include "fake_cuda/device_engine.h"

#include <unistd.h>

#include <fstream>

namespace bolide::test {
namespace {

TEST(DeviceSteadyState, RunsWithHostPointersAllocateNothing) {
  OnHost run(*device_engine(layers()));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(run.context.run());
  const std::int64_t before = bolide::testing::allocations();
  bool ran = true;
  for (int i = 0; i < 20; ++i) ran = static_cast<bool>(run.context.run()) && ran;
  const std::int64_t after = bolide::testing::allocations();
  EXPECT_TRUE(ran);
  EXPECT_EQ(after - before, 0);
}

TEST(DeviceSteadyState, EnqueuedRunsAllocateNothingOnWhateverStream) {
  const auto engine = *device_engine(layers());
  const auto stream = *engine->backend().device()->make_stream();
  void* native = static_cast<cuda::CudaStream&>(*stream).handle();
  OnHost run(engine);
  for (void* on : {static_cast<void*>(nullptr), native}) {
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(run.context.enqueue(on) && run.context.wait());
    const std::int64_t before = bolide::testing::allocations();
    bool ran = true;
    for (int i = 0; i < 20; ++i) ran = run.context.enqueue(on) && run.context.wait() && ran;
    const std::int64_t after = bolide::testing::allocations();
    EXPECT_TRUE(ran);
    EXPECT_EQ(after - before, 0);
  }
}

/// Of this process, in the host's memory.
long resident_bytes() {
  std::ifstream file("/proc/self/statm");
  long all = 0;
  long resident = 0;
  file >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(DeviceSteadyState, EnginesCreatedAndDestroyedAThousandTimesLeaveBothMemoriesAsTheyWere) {
  const auto once = [] { return static_cast<bool>(OnHost(*device_engine(layers())).context.run()); };
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(once());
  const long before = resident_bytes();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(once());
  EXPECT_EQ(alive(), nothing_alive());
  EXPECT_LT(resident_bytes() - before, 2 << 20);
}

}  // namespace
}  // namespace bolide::test
