#include "fake_cuda/device_engine.h"

namespace bolide::test {
namespace {

constexpr int kIllegalAddress = 700;

/// An engine from nothing and one run.
Status load_and_run() {
  TRY(auto engine, device_engine(layers()));
  OnHost run(engine);
  return run.context.run();
}

TEST(DeviceFaults, AnIndexThatIsNotThereIsNamedWithTheNumberThereAre) {
  const auto opened = cuda::CudaDevice::open(2);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNotFound);
  EXPECT_EQ(opened.error().message,
            "cuda:2 is not there; the driver shows 2 devices: cuda:0 Fake GPU, cuda:1 Fake GPU");
}

TEST(DeviceFaults, OutOfMemoryWhileActivationsAreAllocatedSaysAskedFreeAndTheLargestStep) {
  const auto engine = *device_engine(layers());
  OnHost run(engine, 30000);  // 30 MB a buffer of 64 MB
  const Status failed = run.context.run();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kOutOfMemory);
  for (const char* part :
       {"activations", "asked for ", " are free", "the largest step is 'middle' with 61440000 bytes"}) {
    EXPECT_NE(failed.error().message.find(part), std::string::npos) << part << " in " << failed.error().message;
  }
  // The context goes on with less.
  ASSERT_TRUE(run.context.set_input(0, DataType::kF32, {2, 64}, run.x.data()));
  EXPECT_TRUE(run.context.run());
}

TEST(DeviceFaults, OutOfMemoryWhileWeightsAreLoadedSaysAskedFreeAndTheLargest) {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {Dim("n"), 5000}});
  const ValueId w = graph.add_constant("w", *Tensor::allocate(DataType::kF32, {5000, 4096}));
  graph.set_outputs({*graph.add(*parse_op("MatMul", ""), {x, w}, "wide")});
  const auto engine = *device_engine(graph);
  const auto prepared = engine->prepare(std::vector<Dims>{{1, 5000}});
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, Code::kOutOfMemory);
  for (const char* part :
       {"weights", "asked for ", " are free", "the largest is", "81920000 bytes", " of 67108864 are free"}) {
    EXPECT_NE(prepared.error().message.find(part), std::string::npos) << part << " in " << prepared.error().message;
  }
}

TEST(DeviceFaults, OutOfMemoryAtAnyAllocationLeaksNothingAndTheNextTryWorks) {
  int failures = 0;
  for (const char* call : {"cuMemAlloc_v2", "cuMemHostAlloc"}) {
    for (long nth = 1;; ++nth) {
      fake_fail(call, nth, 2, false);
      const Status ran = load_and_run();
      EXPECT_EQ(alive(), nothing_alive()) << call << " " << nth;
      if (fake_clear()) {
        EXPECT_TRUE(ran);
        break;
      }
      ASSERT_FALSE(ran) << call << " " << nth;
      EXPECT_EQ(ran.error().code, Code::kOutOfMemory) << ran.error().message;
      ++failures;
    }
  }
  EXPECT_EQ(failures, 3);  // weights, activations, pinned memory
  EXPECT_TRUE(load_and_run());
}

TEST(DeviceFaults, AnyCallThatFailsIsATypedErrorThatLeaksNothing) {
  const long before = fake_calls();
  ASSERT_TRUE(load_and_run());
  const long calls = fake_calls() - before;
  ASSERT_GT(calls, 20);
  int failures = 0;
  for (long nth = 1; nth <= calls; ++nth) {
    fake_fail_any(nth, 999, false);
    const Status ran = load_and_run();
    fake_clear();
    if (!ran) {
      ++failures;
      EXPECT_EQ(ran.error().code, Code::kDevice) << ran.error().message;
    }
    // What could not be freed because freeing failed goes with the context.
    EXPECT_EQ(alive(), nothing_alive()) << "call " << nth;
  }
  EXPECT_GT(failures, 15);
  EXPECT_TRUE(load_and_run());
}

TEST(DeviceFaults, AnyCallThatLosesTheContextIsATypedErrorAndTheNextEngineWorks) {
  const long before = fake_calls();
  ASSERT_TRUE(load_and_run());
  const long calls = fake_calls() - before;
  for (long nth = 2; nth <= calls; ++nth) {
    fake_fail_any(nth, kIllegalAddress, true);
    const Status ran = load_and_run();
    fake_clear();
    if (!ran) {
      EXPECT_EQ(ran.error().code, Code::kDevice) << ran.error().message;
    }
    EXPECT_EQ(alive(), nothing_alive()) << "call " << nth;
    const Status next = load_and_run();
    EXPECT_TRUE(next) << "after call " << nth << ": " << next.error().message;
  }
}

TEST(DeviceFaults, AfterAFaultTheEngineSaysSoAndAnotherWorksBesideIt) {
  const auto lost = *device_engine(layers());
  OnHost run(lost);
  ASSERT_TRUE(run.context.run());
  fake_fail("cuStreamSynchronize", 1, kIllegalAddress, true);
  const Status first = run.context.run();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Code::kDevice);
  EXPECT_NE(first.error().message.find("illegal memory access"), std::string::npos) << first.error().message;
  EXPECT_NE(first.error().message.find("load the engine again"), std::string::npos) << first.error().message;
  const Status second = run.context.run();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kDevice);
  EXPECT_NE(second.error().message.find("after an earlier fault"), std::string::npos) << second.error().message;

  const auto engine = device_engine(layers());
  ASSERT_TRUE(engine) << engine.error().message;
  OnHost again(*engine);
  EXPECT_TRUE(again.context.run());
  EXPECT_FALSE(run.context.run());  // the old one stays lost, and does not touch the new context
  EXPECT_TRUE(again.context.run());
}

TEST(DeviceFaults, TheOldEngineMayEndBeforeOrAfterTheNewOne) {
  for (const bool old_first : {true, false}) {
    auto old_engine = *device_engine(layers());
    auto old_run = std::make_unique<OnHost>(old_engine);
    ASSERT_TRUE(old_run->context.run());
    fake_fail("cuGraphLaunch", 1, kIllegalAddress, true);
    ASSERT_FALSE(old_run->context.run());
    auto engine = *device_engine(layers());
    auto run = std::make_unique<OnHost>(engine);
    ASSERT_TRUE(run->context.run());
    if (old_first) {
      old_run.reset();
      old_engine.reset();
      EXPECT_TRUE(run->context.run());
    }
    run.reset();
    engine.reset();
    old_run.reset();
    old_engine.reset();
    EXPECT_EQ(alive(), nothing_alive());
  }
}

TEST(DeviceFaults, ADriverThatGivesNoNewContextAfterAFaultIsToldWithWhatHelps) {
  {
    OnHost run(*device_engine(layers()));
    ASSERT_TRUE(run.context.run());
    fake_fail("cuGraphLaunch", 1, kIllegalAddress, true);
    ASSERT_FALSE(run.context.run());
  }
  fake_refuse_contexts(kIllegalAddress);
  for (int i = 0; i < 2; ++i) {
    const auto engine = device_engine(layers());
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().code, Code::kDevice);
    EXPECT_NE(engine.error().message.find("gives this process no new one, start it again"), std::string::npos)
        << engine.error().message;
  }
  fake_refuse_contexts(0);
  EXPECT_EQ(alive(), nothing_alive());
  EXPECT_TRUE(load_and_run());
}

TEST(DeviceFaults, AFaultOnOneDeviceLeavesTheOthers) {
  OnHost first(*device_engine(layers(), 0));
  OnHost second(*device_engine(layers(), 1));
  ASSERT_TRUE(first.context.run());
  fake_fail("cuGraphLaunch", 1, kIllegalAddress, true);
  EXPECT_FALSE(first.context.run());
  EXPECT_TRUE(second.context.run());
}

TEST(DeviceFaults, AFaultOfAnEnqueuedRunIsTold) {
  OnHost run(*device_engine(layers()));
  ASSERT_TRUE(run.context.enqueue(nullptr));
  fake_fail("cuEventSynchronize", 1, kIllegalAddress, true);
  const Status waited = run.context.wait();
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, Code::kDevice);
  EXPECT_EQ(run.y[0], 0.0F);  // nothing half-written
}

}  // namespace
}  // namespace bolide::test
