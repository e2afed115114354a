#include "fake_cuda/device_engine.h"

#include <cstring>

namespace bolide::test {
namespace {

TEST(DeviceContext, ASteadyRunIsOneGraphLaunchAndOneWaitAndAllocatesNothing) {
  OnHost run(engine_of(layers()));
  ASSERT_TRUE(run.context.run());
  ASSERT_TRUE(run.context.run());
  const FakeCounts before = fake_counts();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(run.context.run());
  const FakeCounts after = fake_counts();
  EXPECT_EQ(after.graph_launches - before.graph_launches, 10);
  EXPECT_EQ(after.waits - before.waits, 10);
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.made, before.made);
  EXPECT_EQ(after.kernels, before.kernels);
  EXPECT_EQ(after.copies, before.copies);
  EXPECT_EQ(run.context.graph_nodes(), fake_last_graph().nodes);
}

TEST(DeviceContext, ARunHandsOverWhatLiesOnTheDevice) {
  OnHost run(engine_of(layers()));
  ASSERT_TRUE(run.context.run());
  std::uint32_t bits = 0;
  std::memcpy(&bits, run.y.data(), sizeof(bits));
  EXPECT_EQ(bits, 0xCDCDCDCDU);  // kernels of the fake driver write nothing
}

/// Rows whose number an input says, between two regions.
constexpr const char* kRows = R"(x = input f32[8,64]
k = input i64[1]
first = const i64[1]{0}
w = input f32[64,64]
a = Softmax(x)
rows = Slice(a, first, k, first)
y = MatMul(rows, w)
return y
)";

TEST(DeviceContext, WhatOnlyRegionsReadStaysOnTheDevice) {
  const auto graph = parse_graph(kRows);
  ASSERT_TRUE(graph) << graph.error().message;
  const auto engine = engine_of(*graph);
  ContextCore context(engine);
  const std::vector<float> x(8 * 64, 1.0F);
  const std::vector<float> w(64 * 64, 1.0F);
  const auto run = [&](std::int64_t k) {
    EXPECT_TRUE(context.set_input(0, DataType::kF32, {8, 64}, x.data()));
    EXPECT_TRUE(context.set_input(1, DataType::kI64, {1}, &k));
    EXPECT_TRUE(context.set_input(2, DataType::kF32, {64, 64}, w.data()));
    const Status ran = context.run();
    EXPECT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(*context.result_dims(0), (Dims{k, 64}));
  };
  run(5);
  EXPECT_EQ(fake_last_graph().nodes, 3);  // the second region: w, a kernel, and its result to the host
  run(3);
  run(5);
  const FakeCounts before = fake_counts();
  run(5);
  const FakeCounts after = fake_counts();
  EXPECT_EQ(after.graph_launches - before.graph_launches, 2);
  EXPECT_EQ(after.copies, before.copies);  // the rows are where they were
  EXPECT_EQ(after.allocations, before.allocations);
}

TEST(DeviceContext, LightWorkOfSizesThatTheDataDecideIsTheHosts) {
  const auto graph = parse_graph(R"(x = input f32[8]
k = input i64[1]
first = const i64[1]{0}
rows = Slice(x, first, k, first)
y = Add(rows, rows)
return y
)");
  ASSERT_TRUE(graph) << graph.error().message;
  ContextCore context(engine_of(*graph));
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8};
  const FakeCounts before = fake_counts();
  for (const std::int64_t k : {2, 5, 3}) {
    ASSERT_TRUE(context.set_input(0, DataType::kF32, {8}, x.data()));
    ASSERT_TRUE(context.set_input(1, DataType::kI64, {1}, &k));
    const Status ran = context.run();
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(*context.result_dims(0), Dims{k});
    EXPECT_EQ(static_cast<const float*>(context.output_data(0))[k - 1], 2 * static_cast<float>(k));
  }
  EXPECT_EQ(fake_counts().modules, before.modules);  // no kernel is made for them
}

TEST(DeviceContext, ContextsShareTheWeightsAndHaveOneDeviceBlockEach) {
  const auto engine = engine_of(layers());
  OnHost first(engine);
  ASSERT_TRUE(first.context.run());
  const FakeCounts one = fake_counts();
  EXPECT_EQ(one.blocks, 2);  // weights, activations
  std::vector<std::unique_ptr<OnHost>> more;
  for (int i = 0; i < 3; ++i) {
    more.push_back(std::make_unique<OnHost>(engine));
    ASSERT_TRUE(more.back()->context.run());
  }
  const FakeCounts four = fake_counts();
  EXPECT_EQ(four.blocks, 5);
  EXPECT_EQ(four.host_blocks, 4);
  EXPECT_EQ(four.modules, one.modules);
}

TEST(DeviceContext, CreatedAndDestroyedAThousandTimesTheDeviceIsAsBefore) {
  const auto engine = engine_of(layers());
  for (std::int64_t n = 1; n <= 3; ++n) ASSERT_TRUE(OnHost(engine, n).context.run());
  const std::string before = alive();
  for (int i = 0; i < 1000; ++i) {
    OnHost run(engine, 1 + i % 3);
    ASSERT_TRUE(run.context.run());
  }
  EXPECT_EQ(alive(), before);
}

TEST(DeviceContext, OfManyShapesTheKernelsThatNothingUsesAreUnloaded) {
  const auto engine = engine_of(layers());
  ContextCore context(engine);
  std::vector<float> x(1000 * 64, 1.0F);
  std::vector<float> y(1000 * 32);
  ASSERT_TRUE(context.set_output(0, y.data(), y.size() * sizeof(float)));
  const auto run = [&](std::int64_t n) {
    return context.set_input(0, DataType::kF32, {n, 64}, x.data()) && context.run();
  };
  ASSERT_TRUE(run(1));
  const long made = fake_counts().made;
  for (std::int64_t n = 2; n <= 1000; ++n) ASSERT_TRUE(run(n)) << n;
  ASSERT_GT(fake_counts().made - made, 2000);  // modules, graphs
  EXPECT_LT(fake_counts().modules, 1200);
  EXPECT_TRUE(run(1));
}

TEST(DeviceContext, AnEngineThatEndsLeavesNothingOnTheDevice) {
  { ASSERT_TRUE(OnHost(engine_of(layers())).context.run()); }
  EXPECT_EQ(alive(), nothing_alive());
}

TEST(DeviceContext, RunsOnTheDeviceThatWasAskedFor) {
  OnHost second(engine_of(layers(), 1));
  ASSERT_TRUE(second.context.run());
  EXPECT_EQ(fake_last_device(), 1);
  EXPECT_EQ(fake_counts().contexts, 1);
  OnHost first(engine_of(layers(), 0));
  ASSERT_TRUE(first.context.run());
  EXPECT_EQ(fake_last_device(), 0);
  ASSERT_TRUE(second.context.run());
  EXPECT_EQ(fake_last_device(), 1);
}

TEST(DeviceContext, AGrowingBatchTakesALargerBlockInPlaceOfTheSmaller) {
  const auto engine = engine_of(layers());
  ContextCore context(engine);
  std::vector<float> x(64 * 64, 1.0F);
  std::vector<float> y(64 * 32);
  long last = 0;
  for (const std::int64_t n : {1, 64, 8, 1}) {
    ASSERT_TRUE(context.set_input(0, DataType::kF32, {n, 64}, x.data()));
    ASSERT_TRUE(context.set_output(0, y.data(), y.size() * sizeof(float)));
    ASSERT_TRUE(context.run());
    EXPECT_EQ(fake_counts().blocks, 2);
    EXPECT_GE(fake_counts().block_bytes, last);
    last = fake_counts().block_bytes;
  }
}

/// Four branches of three steps each: x f32[n,64] -> f32[n,64].
Graph branches() {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {Dim("n"), 64}});
  const ValueId w = graph.add_constant("w", Tensor::of<float>(std::vector<float>(64 * 64, 0.5F), Dims{64, 64}));
  std::vector<ValueId> ends;
  for (int branch = 0; branch < 4; ++branch) {
    ValueId y = x;
    for (int step = 0; step < 3; ++step) {
      y = *graph.add(*parse_op("MatMul", ""), {y, w}, strings::join("b", branch, step));
      y = *graph.add(*parse_op("Softmax", "axis=-1"), {y}, strings::join("s", branch, step));
    }
    ends.push_back(y);
  }
  graph.set_outputs({*graph.add(*parse_op("Concat", "axis=1"), ends, "joined")});
  return graph;
}

TEST(DeviceContext, BranchesStandSideBySideInTheGraph) {
  const auto engine = engine_of(branches());
  ContextCore context(engine);
  const std::vector<float> x(2 * 64, 1.0F);
  ASSERT_TRUE(context.set_input(0, DataType::kF32, {2, 64}, x.data()));
  const Status ran = context.run();
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(context.schedule()->lanes, 4);
  const FakeGraph graph = fake_last_graph();
  EXPECT_EQ(graph.nodes, 4 * 6 + 2);  // steps, upload, download
  EXPECT_EQ(graph.depth, 6 + 2);
  const FakeCounts before = fake_counts();
  ASSERT_TRUE(context.run());
  EXPECT_EQ(fake_counts().graph_launches - before.graph_launches, 1);
  EXPECT_EQ(fake_counts().made, before.made);
}

TEST(DeviceContext, AShortBranchBesideALongChainGetsNoStreamOfItsOwn) {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {4, 64}});
  ValueId y = x;
  for (int step = 0; step < 20; ++step) y = *graph.add(*parse_op("Softmax", "axis=-1"), {y}, strings::join("s", step));
  const ValueId side = *graph.add(*parse_op("Softmax", "axis=0"), {x}, "side");
  graph.set_outputs({*graph.add(*parse_op("Concat", "axis=1"), {y, side}, "joined")});
  const auto engine = engine_of(graph);
  const auto prepared = engine->prepare(std::vector<Dims>{{4, 64}});
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ((*prepared)->schedule().lanes, 1);
}

TEST(DeviceContext, RefusesASecondRunWhileOneIsBeingGiven) {
  const auto engine = engine_of(layers());
  OnDevice run(engine);
  struct Answers {
    ContextCore& context;
    std::vector<Status> all = {};
  } answers{run.context};
  fake_on_launch(
      [](void* argument) {
        auto& to = *static_cast<Answers*>(argument);
        fake_on_launch(nullptr, nullptr);
        to.all = {to.context.run(), to.context.enqueue(nullptr), to.context.wait(),
                  to.context.set_device_memory(nullptr, 0)};
      },
      &answers);
  ASSERT_TRUE(run.context.enqueue(nullptr));
  ASSERT_EQ(answers.all.size(), 4U);
  for (const Status& answer : answers.all) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::kInvalidArgument);
    EXPECT_NE(answer.error().message.find("is running already"), std::string::npos);
  }
  EXPECT_TRUE(run.context.run());
}

TEST(DeviceContext, RunsInMemoryThatTheCallerGives) {
  const auto engine = engine_of(layers());
  OnHost run(engine);
  const auto needed = run.context.device_memory_bytes();
  ASSERT_TRUE(needed) << needed.error().message;
  const auto memory = *engine->backend().device()->allocate(*needed);
  const long blocks = fake_counts().blocks;
  ASSERT_TRUE(run.context.set_device_memory(memory->data(), memory->size()));
  ASSERT_TRUE(run.context.run());
  EXPECT_EQ(fake_counts().blocks, blocks);
  EXPECT_EQ(run.context.arena_bytes(), static_cast<std::int64_t>(*needed));
  ASSERT_TRUE(run.context.set_device_memory(nullptr, 0));
  ASSERT_TRUE(run.context.run());
  EXPECT_EQ(fake_counts().blocks, blocks + 1);
}

TEST(DeviceContext, RefusesMemoryThatIsTooSmallOrNotAlignedWithBothNumbers) {
  const auto engine = engine_of(layers());
  OnHost run(engine);
  const std::size_t needed = *run.context.device_memory_bytes();
  const auto memory = *engine->backend().device()->allocate(needed);
  ASSERT_TRUE(run.context.set_device_memory(memory->data(), needed - 1));
  const Status small = run.context.run();
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().code, Code::kInvalidArgument);
  EXPECT_NE(small.error().message.find(strings::join("has ", needed - 1, " bytes, these sizes need ", needed)),
            std::string::npos)
      << small.error().message;
  const Status odd = run.context.set_device_memory(memory->data() + 64, needed);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, Code::kInvalidArgument);
}

TEST(DeviceContext, KeepsGraphsForSeveralSetsOfAddresses) {
  const auto engine = engine_of(layers());
  OnDevice run(engine);
  std::vector<std::unique_ptr<DeviceBlock>> outputs;
  for (int i = 0; i < 3; ++i) outputs.push_back(*engine->backend().device()->allocate(run.y->size()));
  const auto round = [&] {
    for (const auto& output : outputs) {
      ASSERT_TRUE(run.context.set_output(0, output->data(), output->size(), true));
      ASSERT_TRUE(run.context.run());
    }
  };
  round();
  const FakeCounts before = fake_counts();
  round();
  EXPECT_EQ(fake_counts().made, before.made);
  EXPECT_EQ(fake_counts().graph_launches - before.graph_launches, 3);
}

}  // namespace
}  // namespace bolide::test
