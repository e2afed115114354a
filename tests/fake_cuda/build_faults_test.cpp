// What builds, which time kernels on the device, say and leave behind when a call of the driver fails.
#include "compile/compile.h"
#include "fake_cuda/device_engine.h"

#include <thread>

namespace bolide::test {
namespace {

/// Optimised, tuned on the device, run once.
Status build_and_run() {
  TRY(auto device, cuda::CudaDevice::open(0));
  CompileOptions options;
  options.shapes = {{{"x", {2, 64}}}};
  options.time_budget_s = 60;  // the number of calls is not to depend on the time
  TRY(const Compiled built,
      compile(layers(), std::make_shared<CudaBackend>(make_cuda_target(std::move(device), false)), options));
  EXPECT_GT(built.report.measured, 0);
  OnHost run(built.engine);
  return run.context.run();
}

TEST(DeviceBuildFaults, OutOfMemoryAtAnyAllocationLeaksNothingAndTheNextBuildWorks) {
  int failures = 0;
  for (const char* call : {"cuMemAlloc_v2", "cuMemHostAlloc"}) {
    for (long nth = 1;; ++nth) {
      fake_fail(call, nth, 2, false);
      const Status built = build_and_run();
      EXPECT_EQ(alive(), nothing_alive()) << call << " " << nth;
      if (fake_clear()) {
        EXPECT_TRUE(built) << built.error().message;
        break;
      }
      if (built) continue;  // went on without the timing that needed it
      EXPECT_EQ(built.error().code, Code::kOutOfMemory) << built.error().message;
      const bool says = built.error().message.find("asked for ") != std::string::npos &&
                        built.error().message.find(" are free") != std::string::npos;
      EXPECT_TRUE(says || built.error().message.find("bytes of pinned memory") != std::string::npos)
          << built.error().message;
      ++failures;
    }
  }
  EXPECT_GT(failures, 0);
  EXPECT_TRUE(build_and_run());
}

TEST(DeviceBuildFaults, AnyCallThatFailsOrLosesTheContextIsATypedErrorThatLeaksNothing) {
  const long before = fake_calls();
  ASSERT_TRUE(build_and_run());
  const long calls = fake_calls() - before;
  ASSERT_GT(calls, 100);
  // All of the first and the last, some of the many alike between them.
  const auto every = [&](long nth) { return nth < 60 || nth + 60 > calls ? 1 : std::max<long>(calls / 100, 1); };
  for (const bool lost : {false, true}) {
    int failures = 0;
    for (long nth = 1; nth <= calls; nth += every(nth)) {
      fake_fail_any(nth, lost ? 700 : 999, lost);
      const Status built = build_and_run();
      fake_clear();
      if (!built) {
        ++failures;
        EXPECT_EQ(built.error().code, Code::kDevice) << built.error().message;
      }
      EXPECT_EQ(alive(), nothing_alive()) << "call " << nth;
    }
    EXPECT_GT(failures, 15);
    EXPECT_TRUE(build_and_run());
  }
}

TEST(DeviceBuildFaults, BuildsAtOnceOfOneProcessAllWorkAndLeaveNothing) {
  std::vector<Status> results(4);
  std::vector<std::thread> threads;
  for (Status& result : results) threads.emplace_back([&result] { result = build_and_run(); });
  for (std::thread& thread : threads) thread.join();
  for (const Status& result : results) EXPECT_TRUE(result) << result.error().message;
  EXPECT_EQ(alive(), nothing_alive());
}

}  // namespace
}  // namespace bolide::test
