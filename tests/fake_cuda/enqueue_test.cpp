// Runs that are given to a stream, and waited for later.
#include "fake_cuda/device_engine.h"

namespace bolide::test {
namespace {

TEST(DeviceEnqueue, ReadsHostInputsAtOnceAndWritesHostOutputsWhenWaitedFor) {
  OnHost run(engine_of(layers()));
  const Status given = run.context.enqueue(nullptr);
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(run.y[0], 0.0F);
  run.x.assign(run.x.size(), 9.0F);  // no longer needed
  ASSERT_TRUE(run.context.wait());
  EXPECT_NE(run.y[0], 0.0F);
  EXPECT_TRUE(run.context.result_dims(0));
}

TEST(DeviceEnqueue, OfTheNextRunFirstHandsOverTheOutputsOfTheLast) {
  OnHost run(engine_of(layers()));
  ASSERT_TRUE(run.context.enqueue(nullptr));
  std::vector<float> other(run.y.size());
  ASSERT_TRUE(run.context.set_output(0, other.data(), other.size() * sizeof(float)));
  ASSERT_TRUE(run.context.enqueue(nullptr));
  EXPECT_NE(run.y[0], 0.0F);
  EXPECT_EQ(other[0], 0.0F);
  ASSERT_TRUE(run.context.wait());
  EXPECT_NE(other[0], 0.0F);
}

TEST(DeviceEnqueue, WithDevicePointersIsOneLaunchOnTheCallersStreamAndNoWait) {
  const auto engine = engine_of(layers());
  OnDevice run(engine);
  const auto stream = *engine->backend().device()->make_stream();
  void* native = static_cast<cuda::CudaStream&>(*stream).handle();
  ASSERT_TRUE(run.context.enqueue(native));
  const FakeCounts before = fake_counts();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(run.context.enqueue(native));
  const FakeCounts after = fake_counts();
  EXPECT_EQ(after.graph_launches - before.graph_launches, 5);
  EXPECT_EQ(after.waits, before.waits);
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.made, before.made);
  ASSERT_TRUE(run.context.wait());
}

TEST(DeviceEnqueue, OnAnotherStreamComesAfterTheRunBefore) {
  const auto engine = engine_of(layers());
  OnDevice run(engine);
  const auto stream = *engine->backend().device()->make_stream();
  ASSERT_TRUE(run.context.enqueue(nullptr));
  fake_fail("cuStreamWaitEvent", 1, 999, false);  // what orders the two is called
  EXPECT_FALSE(run.context.enqueue(static_cast<cuda::CudaStream&>(*stream).handle()));
  EXPECT_FALSE(fake_clear());
  EXPECT_TRUE(run.context.enqueue(static_cast<cuda::CudaStream&>(*stream).handle()));
  EXPECT_TRUE(run.context.wait());
}

TEST(DeviceEnqueue, AnswersWhetherItsRunsAreOver) {
  const auto engine = engine_of(layers());
  OnDevice run(engine);
  EXPECT_TRUE(*run.context.finished());
  ASSERT_TRUE(run.context.enqueue(nullptr));
  fake_fail("cuEventQuery", 1, 600, false);  // not ready
  EXPECT_FALSE(*run.context.finished());
  EXPECT_TRUE(*run.context.finished());
}

TEST(DeviceEnqueue, TakesEventsOfTheCallers) {
  const auto engine = engine_of(layers());
  OnDevice run(engine);
  const auto& api = static_cast<cuda::CudaDevice&>(*engine->backend().device()).api();
  const cuda::CudaDevice::Current current(static_cast<cuda::CudaDevice&>(*engine->backend().device()));
  cuda::EventHandle event = nullptr;
  ASSERT_EQ(api.event_create(&event, 0), cuda::kSuccess);
  EXPECT_TRUE(run.context.record_event(event));
  EXPECT_TRUE(run.context.wait_for_event(event));
  EXPECT_TRUE(run.context.enqueue(nullptr));
  EXPECT_EQ(api.event_destroy(event), cuda::kSuccess);  // the context has kept no hold of it
  EXPECT_TRUE(run.context.wait());
  const Status gone = run.context.record_event(event);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kDevice);
}

TEST(DeviceEnqueue, AContextThatEndsWaitsForItsRuns) {
  const auto engine = engine_of(layers());
  auto run = std::make_unique<OnDevice>(engine);
  ASSERT_TRUE(run->context.enqueue(nullptr));
  const long waits = fake_counts().waits;
  run.reset();
  EXPECT_EQ(fake_counts().waits, waits + 1);
}

}  // namespace
}  // namespace bolide::test
