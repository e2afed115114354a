// Engines on a real device: not run where there is none.
#include "device_runs.h"
#include "runtime/reference.h"
#include "support/host_only.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace bolide::test {
namespace {

TEST(CudaRuntime, RunsContextsAndPositionsInTheBatchGiveTheSameBits) {
  BOLIDE_NEEDS_CUDA();
  for (const DataType storage : {DataType::kF32, DataType::kF16, DataType::kBF16}) {
    const auto engine = engine_of(branches(), storage);
    constexpr std::int64_t kImages = 5;
    constexpr std::size_t kImage = 16 * 20 * 20;
    const Tensor x = wave({kImages, 16, 20, 20}, 1);
    // The images the other way round.
    std::vector<float> turned;
    const auto* first = reinterpret_cast<const float*>(x.data());
    for (std::size_t i = kImages; i-- > 0;) turned.insert(turned.end(), first + i * kImage, first + (i + 1) * kImage);
    const Tensor y = Tensor::of<float>(turned, Dims{kImages, 16, 20, 20});
    ContextCore context(engine);
    const auto wanted = run(context, x);
    ASSERT_EQ(wanted.size(), 50U);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(run(context, x), wanted) << name(storage) << ", run " << i;
    const auto backwards = run(context, y);
    for (std::size_t i = 0; i < kImages; ++i) {
      EXPECT_TRUE(std::equal(wanted.begin() + static_cast<std::ptrdiff_t>(i * 10),
                             wanted.begin() + static_cast<std::ptrdiff_t>(i * 10 + 10),
                             backwards.begin() + static_cast<std::ptrdiff_t>((kImages - 1 - i) * 10)))
          << name(storage) << ", image " << i;
    }
    for (int i = 0; i < 4; ++i) {
      ContextCore other(engine);
      EXPECT_EQ(run(other, x), wanted) << name(storage) << ", context " << i;
    }
    const auto again = engine_of(branches(), storage);
    ContextCore other(again);
    EXPECT_EQ(run(other, x), wanted) << name(storage) << ", another engine";
  }
}

TEST(CudaRuntime, ManyThreadsWithAContextEachGiveTheSameBits) {
  BOLIDE_NEEDS_CUDA();
  const auto engine = engine_of(branches());
  const Tensor x = wave({3, 16, 20, 20}, 2);
  ContextCore context(engine);
  const auto wanted = run(context, x);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      ContextCore own(engine);
      for (int i = 0; i < 200; ++i) wrong += run(own, x) == wanted ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(CudaRuntime, AgreesWithTheReference) {
  BOLIDE_NEEDS_CUDA();
  const auto engine = engine_of(branches());
  const Tensor x = wave({4, 16, 20, 20}, 3);
  ContextCore context(engine);
  ASSERT_EQ(run(context, x).size(), 40U);
  const auto wanted = run_reference(engine->graph(), Tensors{x});
  ASSERT_TRUE(wanted) << wanted.error().message;
  const auto* got = static_cast<const float*>(context.output_data(0));
  const auto* want = reinterpret_cast<const float*>((*wanted)[0].data());
  for (int i = 0; i < 40; ++i) EXPECT_NEAR(got[i], want[i], 1e-4);
}

TEST(CudaRuntime, EnqueuedOnAStreamOfTheCallersWithDevicePointersGivesTheSameBits) {
  BOLIDE_NEEDS_CUDA();
  const auto engine = engine_of(branches());
  const Tensor x = wave({2, 16, 20, 20}, 4);
  ContextCore context(engine);
  const auto wanted = run(context, x);
  Device& device = *engine->backend().device();
  const auto stream = *device.make_stream();
  const auto other = *device.make_stream();
  const auto in = *device.allocate(x.bytes());
  const auto out = *device.allocate(wanted.size() * 4);
  void* native = static_cast<cuda::CudaStream&>(*stream).handle();
  ASSERT_TRUE(context.set_input(0, DataType::kF32, x.dims(), in->data(), true));
  ASSERT_TRUE(context.set_output(0, out->data(), out->size(), true));
  for (void* on :
       {native, static_cast<void*>(nullptr), static_cast<void*>(static_cast<cuda::CudaStream&>(*other).handle())}) {
    ASSERT_TRUE(stream->upload(in->data(), x.data(), x.bytes()));
    ASSERT_TRUE(stream->fill(out->data(), 0, out->size()));
    ASSERT_TRUE(stream->wait());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(context.enqueue(on));
    ASSERT_TRUE(context.wait());
    EXPECT_TRUE(*context.finished());
    std::vector<std::uint32_t> got(wanted.size());
    ASSERT_TRUE(stream->download(got.data(), out->data(), out->size()));
    ASSERT_TRUE(stream->wait());
    EXPECT_EQ(got, wanted);
  }
  // Runs on changing streams use one arena: they must not overlap.
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(context.enqueue(i % 2 == 0 ? native : nullptr));
  ASSERT_TRUE(context.wait());
  std::vector<std::uint32_t> got(wanted.size());
  ASSERT_TRUE(stream->download(got.data(), out->data(), out->size()));
  ASSERT_TRUE(stream->wait());
  EXPECT_EQ(got, wanted);
}

TEST(CudaRuntime, EnqueuedWithHostPointersGivesTheSameBits) {
  BOLIDE_NEEDS_CUDA();
  const auto engine = engine_of(branches());
  const Tensor x = wave({2, 16, 20, 20}, 5);
  ContextCore context(engine);
  const auto wanted = run(context, x);
  std::vector<std::uint32_t> outputs[2] = {std::vector<std::uint32_t>(wanted.size()),
                                           std::vector<std::uint32_t>(wanted.size())};
  for (int i = 0; i < 10; ++i) {
    Tensor copy = wave({2, 16, 20, 20}, 5);
    ASSERT_TRUE(context.set_input(0, DataType::kF32, copy.dims(), copy.data()));
    ASSERT_TRUE(context.set_output(0, outputs[i % 2].data(), wanted.size() * 4));
    ASSERT_TRUE(context.enqueue(nullptr));
    std::memset(copy.data(), 0, copy.bytes());  // it has been read
  }
  ASSERT_TRUE(context.wait());
  EXPECT_EQ(outputs[0], wanted);
  EXPECT_EQ(outputs[1], wanted);
}

TEST(CudaRuntime, AnIndexBeyondTheDataFailsTheRunThatHasItAndNoOther) {
  BOLIDE_NEEDS_CUDA();
  Graph graph;
  const ValueId data = graph.add_constant("data", wave({4, 2}, 1));
  const ValueId indices = *graph.add_input("indices", {DataType::kI64, {Dim(3)}});
  graph.set_outputs({*graph.add(*parse_op("Gather", ""), {data, indices}, "picked")});
  const auto engine = engine_of(std::move(graph));
  ContextCore context(engine);
  std::int64_t values[3] = {0, -4, 0};
  const auto give = [&](std::int64_t last) {
    values[2] = last;
    return context.set_input(0, DataType::kI64, {3}, values);
  };
  for (const bool waits : {true, false}) {
    ASSERT_TRUE(give(4));
    const Status enqueued = waits ? ok() : context.enqueue(nullptr);
    ASSERT_TRUE(enqueued) << enqueued.error().message;
    const Status ran = waits ? context.run() : context.wait();
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Code::kInvalidArgument);
    EXPECT_NE(ran.error().message.find("Gather: index 4 is outside [-4,4)"), std::string::npos) << ran.error().message;
    ASSERT_TRUE(give(3));
    EXPECT_TRUE(context.run());
  }
}

/// x f32[4,8] through softmax and an operator that has no kernel, as the letters say: s and h.
Graph mixed(std::string_view letters) {
  Graph graph;
  ValueId y = *graph.add_input("x", {DataType::kF32, {Dim("n"), 3, 6, 8}});
  int number = 0;
  for (const char letter : letters) {
    y = *graph.add(letter == 's' ? *parse_op("Softmax", "") : host_only(), {y}, strings::join(letter, number++));
  }
  graph.set_outputs({y});
  return graph;
}

TEST(CudaRuntime, NetworksWithStepsOnTheHostAreRight) {
  BOLIDE_NEEDS_CUDA();
  for (const char* letters : {"shs", "hs", "sh", "h", "shshs", "hhs", "shhs", "hsh"}) {
    const auto engine = engine_of(mixed(letters));
    ContextCore context(engine);
    for (const std::int64_t n : {2, 5}) {
      const Tensor x = wave({n, 3, 6, 8}, 8);
      const auto got_bits = run(context, x);
      ASSERT_EQ(got_bits.size(), static_cast<std::size_t>(n) * 144) << letters;
      const auto wanted = run_reference(engine->graph(), Tensors{x});
      ASSERT_TRUE(wanted) << wanted.error().message;
      const auto* got = static_cast<const float*>(context.output_data(0));
      const auto* want = reinterpret_cast<const float*>((*wanted)[0].data());
      for (std::size_t i = 0; i < got_bits.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-5) << letters << " " << i;
      EXPECT_EQ(run(context, x), got_bits) << letters;
    }
    int host_steps = 0;
    for (const ScheduledStep& step : context.schedule()->steps) {
      host_steps += step.kernel != nullptr && !step.kernel->on_device() ? 1 : 0;
    }
    EXPECT_EQ(host_steps, std::count(letters, letters + std::strlen(letters), 'h'));
    EXPECT_GT(context.schedule()->copies, 0);
  }
}

/// Boxes that are computed, selected, and looked at again.
constexpr const char* kDetections = R"(x = input f32[2,500,4]
s = input f32[2,7,500]
boxes = Abs(x)
scores = Abs(s)
most = const i64[1]{20}
overlap = const f32[1]{0.3}
least = const f32[1]{0.6}
kept = NonMaxSuppression(boxes, scores, most, overlap, least)
columns = const i64[2]{0,2}
where = Gather(kept, columns) axis=1
found = GatherND(boxes, where)
y = Neg(found)
return kept, y
)";

TEST(CudaRuntime, SelectedBoxesAreTheReferences) {
  BOLIDE_NEEDS_CUDA();
  const auto graph = parse_graph(kDetections);
  ASSERT_TRUE(graph) << graph.error().message;
  ContextCore context(engine_of(*graph));
  for (const double phase : {1.0, 2.0, 40.0}) {
    const Tensors inputs = {wave({2, 500, 4}, phase, 10), wave({2, 7, 500}, 3 * phase, 2)};
    for (int i = 0; i < 2; ++i) {
      const Tensor& input = inputs[static_cast<std::size_t>(i)];
      ASSERT_TRUE(context.set_input(i, input.dtype(), input.dims(), input.data()));
    }
    const Status ran = context.run();
    ASSERT_TRUE(ran) << ran.error().message;
    const auto wanted = run_reference(context.engine().graph(), inputs);
    ASSERT_TRUE(wanted) << wanted.error().message;
    EXPECT_GT((*wanted)[0].dims()[0], 20);
    for (int o = 0; o < 2; ++o) {
      const Tensor& want = (*wanted)[static_cast<std::size_t>(o)];
      const auto dims = context.result_dims(o);
      ASSERT_TRUE(dims);
      EXPECT_EQ(*dims, want.dims());
      EXPECT_EQ(Tensor::borrow(want.dtype(), *dims, context.output_data(o), nullptr), want);
    }
  }
}

}  // namespace
}  // namespace bolide::test
