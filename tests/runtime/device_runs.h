/// Engines on a real device, and what their runs give.
#pragma once

#include "backend/cuda/cuda_backend.h"
#include "compile/compile.h"
#include "ir/text.h"
#include "runtime/context.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace bolide::test {

#define BOLIDE_NEEDS_CUDA()                                                \
  if (const auto needed = cuda::CudaDevice::open(0); !needed) {            \
    GTEST_SKIP() << "not run: no CUDA device: " << needed.error().message; \
  }

inline Tensor wave(Dims dims, double phase, double amplitude = 1) {
  std::int64_t count = 1;
  for (const std::int64_t size : dims) count *= size;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(amplitude * std::sin(phase += 1.37));
  return Tensor::of<float>(values, std::move(dims));
}

/// Convolutions with branches, a residual, pooling and scores: x f32[n,16,20,20] -> f32[n,10].
inline Graph branches() {
  Graph graph;
  double phase = 0;
  const auto add = [&](const char* op, const char* attributes, std::vector<ValueId> inputs, std::string name) {
    const auto parsed = parse_op(op, attributes);
    EXPECT_TRUE(parsed) << parsed.error().message;
    const auto added = graph.add(*parsed, std::move(inputs), std::move(name));
    EXPECT_TRUE(added) << added.error().message;
    return *added;
  };
  const auto conv = [&](ValueId x, std::int64_t in, std::int64_t out, std::int64_t k, const std::string& name) {
    const ValueId w = graph.add_constant(name + ".w", wave({out, in, k, k}, phase += 0.3, 0.2));
    const ValueId b = graph.add_constant(name + ".b", wave({out}, phase += 0.3, 0.2));
    return add("Relu", "", {add("Conv", k == 3 ? "pads=[1,1,1,1]" : "", {x, w, b}, name)}, name + ".relu");
  };
  const ValueId x = *graph.add_input("x", {DataType::kF32, {Dim("n"), 16, 20, 20}});
  std::vector<ValueId> joined;
  for (int branch = 0; branch < 4; ++branch) {
    ValueId y = x;
    for (int step = 0; step <= branch; ++step)
      y = conv(y, 16, 16, step % 2 == 0 ? 3 : 1, strings::join(branch, "-", step));
    joined.push_back(y);
  }
  ValueId sum = joined[0];
  for (std::size_t i = 1; i < joined.size(); ++i) sum = add("Add", "", {sum, joined[i]}, strings::join("sum", i));
  sum = add("Concat", "axis=1", {sum, joined[1]}, "both");
  ValueId y = conv(sum, 32, 24, 3, "late");
  y = add("Reduce", "kind=mean axes=[2,3] keepdims=false", {y}, "mean");
  y = add("MatMul", "", {y, graph.add_constant("w", wave({24, 10}, 7, 0.3))}, "scores");
  graph.set_outputs({add("Softmax", "axis=-1", {y}, "probabilities")});
  return graph;
}

inline std::shared_ptr<EngineCore> engine_of(Graph graph, DataType storage = DataType::kF32) {
  auto device = cuda::CudaDevice::open(0);
  EXPECT_TRUE(device) << device.error().message;
  auto compiled = compile(std::move(graph), std::make_shared<CudaBackend>(make_cuda_target(*device, false)),
                          {.storage = storage, .effort = 0});
  EXPECT_TRUE(compiled) << compiled.error().message;
  return compiled->engine;
}

inline std::vector<std::uint32_t> bits(const void* data, std::size_t count) {
  std::vector<std::uint32_t> out(count);
  std::memcpy(out.data(), data, count * sizeof(std::uint32_t));
  return out;
}

inline std::vector<std::uint32_t> run(ContextCore& context, const Tensor& x) {
  EXPECT_TRUE(context.set_input(0, x.dtype(), x.dims(), x.data()));
  const Status ran = context.run();
  EXPECT_TRUE(ran) << ran.error().message;
  const auto dims = context.result_dims(0);
  if (!ran || !dims) return {};
  std::size_t count = 1;
  for (const std::int64_t size : *dims) count *= static_cast<std::size_t>(size);
  return bits(context.output_data(0), count);
}

}  // namespace bolide::test
