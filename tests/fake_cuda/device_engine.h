/// Engines on the fake driver's devices.
#pragma once

#include "backend/cuda/cuda_backend.h"
#include "compile/lower.h"
#include "fake_cuda/fake_cuda.h"
#include "ir/text.h"
#include "runtime/context.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace bolide::test {

/// Three steps on the device, weights and two arena buffers: x f32[n,64] -> y f32[n,32].
inline Graph layers() {
  Graph graph;
  const ValueId x = *graph.add_input("x", {DataType::kF32, {Dim("n"), 64}});
  const auto weights = [&](const char* name, std::int64_t rows, std::int64_t columns) {
    const std::vector<float> values(static_cast<std::size_t>(rows * columns), 0.5F);
    return graph.add_constant(name, Tensor::of<float>(values, Dims{rows, columns}));
  };
  ValueId y = *graph.add(*parse_op("MatMul", ""), {x, weights("first weights", 64, 256)}, "first");
  y = *graph.add(*parse_op("Softmax", "axis=-1"), {y}, "middle");
  y = *graph.add(*parse_op("MatMul", ""), {y, weights("last weights", 256, 32)}, "last");
  graph.set_outputs({y});
  return graph;
}

inline Result<std::shared_ptr<EngineCore>> device_engine(const Graph& graph, int device = 0) {
  TRY(auto steps, lower(graph));
  TRY(auto opened, cuda::CudaDevice::open(device));
  return EngineCore::make(std::move(steps), std::make_shared<CudaBackend>(make_cuda_target(std::move(opened), false)),
                          {}, {});
}

/// The same, where it has to succeed.
inline std::shared_ptr<EngineCore> engine_of(const Graph& graph, int device = 0) {
  auto engine = device_engine(graph, device);
  EXPECT_TRUE(engine) << engine.error().message;
  return engine ? *engine : nullptr;
}

/// A context with an input of ones and an output of zeros in the host's memory.
struct OnHost {
  explicit OnHost(std::shared_ptr<EngineCore> engine, std::int64_t n = 2)
      : context(std::move(engine)), x(static_cast<std::size_t>(n) * 64, 1.0F), y(static_cast<std::size_t>(n) * 32) {
    EXPECT_TRUE(context.set_input(0, DataType::kF32, {n, 64}, x.data()));
    EXPECT_TRUE(context.set_output(0, y.data(), y.size() * sizeof(float)));
  }
  ContextCore context;
  std::vector<float> x;
  std::vector<float> y;
};

/// Inputs and outputs in the memory of the device.
struct OnDevice {
  explicit OnDevice(const std::shared_ptr<EngineCore>& engine) : context(engine) {
    Device& device = *engine->backend().device();
    x = *device.allocate(2 * 64 * sizeof(float));
    y = *device.allocate(2 * 32 * sizeof(float));
    EXPECT_TRUE(context.set_input(0, DataType::kF32, {2, 64}, x->data(), true));
    EXPECT_TRUE(context.set_output(0, y->data(), y->size(), true));
  }
  std::unique_ptr<DeviceBlock> x;
  std::unique_ptr<DeviceBlock> y;
  ContextCore context;
};

/// All that can leak, as text.
inline std::string alive() {
  const FakeCounts now = fake_counts();
  return strings::join("contexts ", now.contexts, " blocks ", now.blocks, " host blocks ", now.host_blocks, " streams ",
                       now.streams, " events ", now.events, " graphs ", now.graphs, " execs ", now.execs, " modules ",
                       now.modules);
}
inline std::string nothing_alive() {
  return "contexts 0 blocks 0 host blocks 0 streams 0 events 0 graphs 0 execs 0 modules 0";
}

}  // namespace bolide::test
