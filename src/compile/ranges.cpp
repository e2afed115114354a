#include "compile/ranges.h"

#include "backend/cpu/cpu_backend.h"
#include "base/thread_pool.h"
#include "runtime/engine.h"
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

  void begin(const Schedule& schedule) { schedule_ = &schedule; }

  void step_done(std::size_t index, std::span<void* const> outputs) override {
    const ScheduledStep& step = schedule_->steps[index];
    if (step.step == kNone) return;  // a copy: the numbers are known
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
  const Schedule* schedule_ = nullptr;
};

Status run_sample(EngineCore& engine, const Tensors& sample, std::int64_t max_bytes, Observer& observer) {
  std::vector<Dims> dims;
  for (const Tensor& tensor : sample) dims.push_back(tensor.dims());
  TRY(auto prepared, engine.prepare(dims));
  const Schedule& schedule = prepared->schedule();
  std::int64_t bytes = schedule.arena_bytes;
  std::vector<AlignedBuffer> owned;
  std::vector<void*> outputs;
  for (const int output : engine.graph().outputs) {
    const auto value = static_cast<std::size_t>(output);
    TRY(const std::int64_t count, element_count(schedule.sizes.dims[value]));
    const std::size_t size = packed_bytes(engine.graph().values[value].type.dtype, count);
    bytes += static_cast<std::int64_t>(size);
    TRY(AlignedBuffer buffer, AlignedBuffer::allocate(size + 64));
    outputs.push_back(buffer.data());
    owned.push_back(std::move(buffer));
  }
  if (bytes > max_bytes) return make_error(Code::kOutOfMemory, "a run on the host needs ", bytes, " bytes");
  const std::size_t stride = (schedule.scratch_bytes + 63) / 64 * 64;
  TRY(AlignedBuffer arena, AlignedBuffer::allocate(static_cast<std::size_t>(schedule.arena_bytes)));
  TRY(AlignedBuffer scratch, AlignedBuffer::allocate(stride * static_cast<std::size_t>(schedule.threads)));
  std::vector<const void*> inputs;
  for (const Tensor& tensor : sample) inputs.push_back(tensor.data());
  observer.begin(schedule);
  Executor executor(std::move(prepared));
  return executor.run({.arena = arena.data(),
                       .scratch = scratch.data(),
                       .scratch_stride = stride,
                       .inputs = inputs,
                       .outputs = outputs},
                      nullptr, &observer);
}

ValueRange range_of(const Sums& sums) {
  const float largest = std::bit_cast<float>(sums.largest);
  return {.largest = std::isfinite(largest) ? largest : std::numeric_limits<double>::infinity(),
          .rounding = sums.squares > 0 ? std::sqrt(sums.errors / sums.squares) : 0,
          .known = true};
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
  const int threads = ThreadPool::usable_threads();
  ThreadPool::shared().ensure(threads);
  const auto engine =
      EngineCore::make(graph, std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, threads)), {}, {});
  Observer observer(*graph, sums, seen);
  for (const Tensors& sample : samples) {
    for (std::size_t i = 0; i < graph->inputs.size(); ++i) look(graph->inputs[i], sample[i], kEvery);
    TRY_OK(run_sample(*engine, sample, max_bytes, observer));
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
        range = {std::max(range.largest, from.largest), std::max(range.rounding, from.rounding), true};
      }
    }
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
