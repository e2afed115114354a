#include "compile/ranges.h"

#include "backend/cpu/cpu_backend.h"
#include "base/thread_pool.h"
#include "ops/reference.h"
#include "runtime/engine.h"
#include "runtime/executor.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace bolide {
namespace {

constexpr std::int64_t kEvery = 8;  // elements between those that are rounded

/// Sums over some elements.
struct Sums {
  std::uint32_t largest = 0;  // bits of |x|: they order as the numbers do
  double squares = 0;
  double errors = 0;

  void add(const float* at, std::int64_t count, std::int64_t stride, std::int64_t every) {
    for (std::int64_t i = 0; i < count; ++i) {
      largest = std::max(largest, std::bit_cast<std::uint32_t>(at[i * stride]) & 0x7fffffffU);
    }
    for (std::int64_t i = 0; i < count; i += every) {
      const float x = at[i * stride];
      const float rounded = f16_to_f32(f32_to_f16(x));
      if (!std::isfinite(rounded)) continue;
      squares += static_cast<double>(x) * x;
      errors += (static_cast<double>(x) - rounded) * (static_cast<double>(x) - rounded);
    }
  }
  void add(const Sums& other) {
    largest = std::max(largest, other.largest);
    squares += other.squares;
    errors += other.errors;
  }
};

/// All elements of a strided operand, on all threads: lines of the innermost dim by their number.
Sums sums_of(const float* data, std::span<const std::int64_t> dims, std::span<const std::int64_t> strides,
             std::int64_t every) {
  std::int64_t lines = 1;
  for (std::size_t d = 0; d + 1 < dims.size(); ++d) lines *= dims[d];
  const std::int64_t length = dims.empty() ? 1 : dims.back();
  const std::int64_t stride = strides.empty() ? 1 : strides.back();
  if (lines * length == 0) return {};
  const int threads = ThreadPool::usable_threads();
  const std::int64_t chunks = std::min<std::int64_t>(lines, lines * length < 65536 ? 1 : 4 * threads);
  std::vector<Sums> parts(static_cast<std::size_t>(chunks));
  ThreadPool::shared().parallel_for(chunks, threads, [&](std::int64_t chunk, int) {
    Sums sums;
    for (std::int64_t line = lines * chunk / chunks; line < lines * (chunk + 1) / chunks; ++line) {
      std::int64_t offset = 0;
      std::int64_t rest = line;
      for (std::size_t d = dims.size(); d-- > 0;) {
        if (d + 1 == dims.size()) continue;
        offset += rest % dims[d] * strides[d];
        rest /= dims[d];
      }
      sums.add(data + offset, length, stride, every);
    }
    parts[static_cast<std::size_t>(chunk)] = sums;
  });
  Sums all;
  for (const Sums& part : parts) all.add(part);
  return all;
}

/// The samples' sums by value.
class Observer final : public StepObserver {
 public:
  Observer(const StepGraph& graph, std::vector<Sums>& sums, std::vector<bool>& seen)
      : graph_(graph), sums_(sums), seen_(seen) {}

  void step_done(const RunStep& ran, std::span<void* const> outputs) override {
    const ScheduledStep& step = ran.scheduled();
    if (ran.in_body() || step.step == kNone) return;  // a copy: the numbers are known
    const StepGraph::Step& source = graph_.steps[static_cast<std::size_t>(step.step)];
    for (std::size_t i = 0; i < source.outputs.size(); ++i) {
      const Operand& operand = step.problem.outputs[i];
      if (source.outputs[i] == kNone || operand.absent || operand.dtype != DataType::kF32) continue;
      const auto value = static_cast<std::size_t>(source.outputs[i]);
      seen_[value] = true;
      sums_[value].add(sums_of(static_cast<const float*>(outputs[i]), operand.dims, operand.strides, kEvery));
    }
  }

 private:
  const StepGraph& graph_;
  std::vector<Sums>& sums_;
  std::vector<bool>& seen_;
};

/// Rounds what steps give to FP16, in place.
class Rounder final : public StepObserver {
 public:
  Rounder(const StepGraph& graph, const std::vector<bool>& rounded) : graph_(graph), rounded_(rounded) {}

  void step_done(const RunStep& ran, std::span<void* const> outputs) override {
    const ScheduledStep& step = ran.scheduled();
    if (ran.in_body() || step.step == kNone) return;
    const StepGraph::Step& source = graph_.steps[static_cast<std::size_t>(step.step)];
    for (std::size_t i = 0; i < source.outputs.size(); ++i) {
      if (source.outputs[i] == kNone || !rounded_[static_cast<std::size_t>(source.outputs[i])]) continue;
      const Operand& operand = step.problem.outputs[i];
      if (operand.absent || operand.count() == 0) continue;
      std::vector<std::int64_t> at(operand.dims.size(), 0);
      do {
        std::int64_t offset = 0;
        for (std::size_t d = 0; d < at.size(); ++d) offset += at[d] * operand.strides[d];
        float& x = static_cast<float*>(outputs[i])[offset];
        x = f16_to_f32(f32_to_f16(x));
      } while (next_index(at, operand.dims));
    }
  }

 private:
  const StepGraph& graph_;
  const std::vector<bool>& rounded_;
};

/// One run; gives the network's outputs, in order.
template <class Watch>
Result<Tensors> run_sample(EngineCore& engine, const Tensors& sample, std::int64_t max_bytes, Watch* watch) {
  std::vector<Dims> dims;
  for (const Tensor& tensor : sample) dims.push_back(tensor.dims());
  TRY(auto prepared, engine.prepare(dims));
  const Schedule& schedule = prepared->schedule();
  std::int64_t bytes = schedule.arena_bytes;
  Tensors results;
  std::vector<void*> outputs;
  for (const int output : engine.graph().outputs) {
    const auto value = static_cast<std::size_t>(output);
    TRY(Tensor result, Tensor::allocate(engine.graph().values[value].type.dtype, schedule.sizes.dims[value]));
    bytes += static_cast<std::int64_t>(result.bytes());
    outputs.push_back(result.data());
    results.push_back(std::move(result));
  }
  if (bytes > max_bytes) return make_error(Code::kOutOfMemory, "a run on the host needs ", bytes, " bytes");
  const std::size_t stride = scratch_stride(schedule.scratch_bytes);
  TRY(AlignedBuffer arena, AlignedBuffer::allocate(static_cast<std::size_t>(schedule.arena_bytes)));
  TRY(AlignedBuffer scratch, AlignedBuffer::allocate(stride * static_cast<std::size_t>(schedule.threads)));
  std::vector<const void*> inputs;
  for (const Tensor& tensor : sample) inputs.push_back(tensor.data());
  Executor executor(std::move(prepared));
  TRY_OK(
      executor.run({.arena = arena.data(), .scratch = {scratch.data(), stride}, .inputs = inputs, .outputs = outputs},
                   {.observer = watch}));
  return results;
}

std::shared_ptr<EngineCore> engine_of(std::shared_ptr<const StepGraph> graph) {
  const int threads = ThreadPool::usable_threads();
  ThreadPool::shared().ensure(threads);
  return EngineCore::make(std::move(graph), std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, threads)), {},
                          {});
}

Result<Tensor> rounded(const Tensor& tensor) {
  TRY(const Tensor narrow, cast(tensor, DataType::kF16));
  return cast(narrow, DataType::kF32);
}

/// The largest change over the largest |want| plus 1; infinity where a number is no longer finite.
double change_between(const Tensor& want, const Tensor& got) {
  if (want.dtype() != DataType::kF32) return 0;
  double largest = 0;
  double change = 0;
  const std::span<const float> a = want.span<float>();
  const std::span<const float> b = got.span<float>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i])) continue;
    if (!std::isfinite(b[i])) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(static_cast<double>(a[i])));
    change = std::max(change, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return change / (largest + 1);
}

/// What an output changes by when the values marked in `lossy` are rounded.
Result<double> change_of_outputs(const std::shared_ptr<const StepGraph>& graph, std::span<const Tensors> samples,
                                 const std::vector<bool>& lossy, EngineCore& exact, std::int64_t max_bytes) {
  auto narrow = std::make_shared<StepGraph>(*graph);
  for (std::size_t v = 0; v < lossy.size(); ++v) {
    const int constant = graph->values[v].constant;
    if (!lossy[v] || constant == kNone) continue;
    const auto at = static_cast<std::size_t>(constant);
    TRY(narrow->constants[at], rounded(graph->constants[at]));
  }
  const auto engine = engine_of(std::move(narrow));
  double change = 0;
  for (const Tensors& sample : samples) {
    Tensors inputs = sample;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!lossy[static_cast<std::size_t>(graph->inputs[i])]) continue;
      TRY(inputs[i], rounded(sample[i]));
    }
    Rounder rounder(*graph, lossy);
    TRY(const Tensors want, run_sample<Rounder>(exact, sample, max_bytes, nullptr));
    TRY(const Tensors got, run_sample(*engine, inputs, max_bytes, &rounder));
    for (std::size_t o = 0; o < want.size(); ++o) change = std::max(change, change_between(want[o], got[o]));
  }
  return change;
}

Status ran(const Result<Tensors>& results) { return results ? Status() : Status(results.error()); }

ValueRange range_of(const Sums& sums) {
  const float largest = std::bit_cast<float>(sums.largest);
  return {.largest = std::isfinite(largest) ? largest : std::numeric_limits<double>::infinity(),
          .rounding = sums.squares > 0 ? std::sqrt(sums.errors / sums.squares) : 0,
          .known = true,
          .change = 0};
}

}  // namespace

Result<std::vector<ValueRange>> measure_ranges(const std::shared_ptr<const StepGraph>& graph,
                                               std::span<const Tensors> samples, std::int64_t max_bytes) {
  if (!is_plannable(*graph)) return unsupported("only the data decide sizes of this network");
  std::vector<Sums> sums(graph->values.size());
  std::vector<bool> seen(graph->values.size(), false);
  const auto look = [&](int value, const Tensor& tensor, std::int64_t every) {
    if (tensor.dtype() != DataType::kF32) return;
    seen[static_cast<std::size_t>(value)] = true;
    sums[static_cast<std::size_t>(value)].add(
        sums_of(tensor.span<float>().data(), tensor.dims(), contiguous_strides(tensor.dims()), every));
  };
  for (std::size_t v = 0; v < graph->values.size(); ++v) {
    if (const Tensor* constant = graph->constant(static_cast<int>(v))) look(static_cast<int>(v), *constant, 1);
  }
  const auto engine = engine_of(graph);
  Observer observer(*graph, sums, seen);
  for (const Tensors& sample : samples) {
    for (std::size_t i = 0; i < graph->inputs.size(); ++i) look(graph->inputs[i], sample[i], kEvery);
    TRY_OK(ran(run_sample(*engine, sample, max_bytes, &observer)));
  }
  std::vector<ValueRange> ranges(graph->values.size());
  for (std::size_t v = 0; v < ranges.size(); ++v) {
    if (seen[v]) ranges[v] = range_of(sums[v]);
  }
  for (const StepGraph::Step& step : graph->steps) {
    for (const int output : step.outputs) {
      if (output == kNone || ranges[static_cast<std::size_t>(output)].known) continue;
      // No kernel wrote it: the elements of its inputs under another name.
      ValueRange& range = ranges[static_cast<std::size_t>(output)];
      for (const int input : step.inputs) {
        if (input == kNone || !ranges[static_cast<std::size_t>(input)].known) continue;
        const ValueRange& from = ranges[static_cast<std::size_t>(input)];
        range = {std::max(range.largest, from.largest), std::max(range.rounding, from.rounding), true, 0};
      }
    }
  }
  std::vector<bool> lossy;
  for (const ValueRange& range : ranges) lossy.push_back(range.known && range.rounding > kMuchRounding);
  if (std::ranges::find(lossy, true) == lossy.end()) return ranges;
  TRY(const double change, change_of_outputs(graph, samples, lossy, *engine, max_bytes));
  for (std::size_t v = 0; v < ranges.size(); ++v) {
    if (lossy[v]) ranges[v].change = change;
  }
  return ranges;
}

Result<Tensors> draw_samples(const StepGraph& graph, std::span<const Dims> sizes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return (static_cast<double>(random() >> 11) + 0.5) / 9007199254740992.0; };
  Tensors samples;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const StepGraph::Value& value = graph.values[static_cast<std::size_t>(graph.inputs[i])];
    const DataType dtype = value.type.dtype;
    if (dtype != DataType::kBool && !is_float(dtype) && !is_integer(dtype)) {
      return unsupported("input '", value.name, "' is ", value.type, ": no such values are drawn");
    }
    TRY(Tensor drawn, Tensor::allocate(DataType::kF64, sizes[i]));
    for (double& x : drawn.span<double>()) {
      if (is_float(dtype)) {
        x = std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform());
      } else {
        x = (random() >> 63) != 0 ? 1 : 0;
      }
    }
    TRY(Tensor tensor, cast(drawn, dtype));
    samples.push_back(std::move(tensor));
  }
  return samples;
}

}  // namespace bolide
