// A steady state on a device allocates nothing of the host's either; counted at malloc.
#include "runtime/allocations.h"
#include "fake_cuda/device_engine.h"

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

}  // namespace
}  // namespace bolide::test
