#include <bolide/io.h>
#include "api/engine_state.h"

#include "api/network_state.h"
#include "backend/cuda/cuda_backend.h"
#include "backend/cuda/launches.h"
#include "backend/cuda/library/operation_text.h"
#include "base/thread_pool.h"
#include "ops/all.h"
#include "plan/sizes.h"
#include "runtime/regions.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace bolide {
namespace {

/// "nchw", "nhwc" for ranks with familiar names, else the order of the dims.
std::string layout_text(const Operand& operand) {
  std::vector<int> order(operand.dims.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return operand.strides[static_cast<std::size_t>(a)] > operand.strides[static_cast<std::size_t>(b)];
  });
  static constexpr std::string_view kNames[] = {"", "n", "nc", "ncw", "nchw", "ncdhw"};
  std::string out;
  for (const int dim : order) {
    if (order.size() < std::size(kNames)) {
      out += kNames[order.size()][static_cast<std::size_t>(dim)];
    } else {
      out += strings::join(out.empty() ? "" : ",", dim);
    }
  }
  return out;
}

std::string operand_text(const StepGraph& graph, int value, const Operand& operand) {
  const std::string name = value == kNone ? std::string() : graph.values[static_cast<std::size_t>(value)].name;
  return strings::join(name, name.empty() ? "" : " ", operand.dtype, operand.dims, operand.rank() > 1 ? " " : "",
                       operand.rank() > 1 ? layout_text(operand) : std::string());
}

std::int64_t bytes_of(const Operand& operand) {
  return operand.absent ? 0 : static_cast<std::int64_t>(packed_bytes(operand.dtype, operand.count()));
}

/// Multiplications and additions of the contractions, where arithmetic is what costs.
double operations_of(const Problem& problem) {
  if (problem.outputs.empty() || problem.outputs[0].absent) return 0;
  const auto out = static_cast<double>(problem.outputs[0].count());
  if (problem.op->is<Conv>()) {
    const Operand& w = problem.inputs[1];
    return 2 * out * static_cast<double>(w.count()) / static_cast<double>(std::max<std::int64_t>(w.dims[0], 1));
  }
  if (problem.op->is<ConvTranspose>()) {
    const Operand& w = problem.inputs[1];
    const auto x = static_cast<double>(problem.inputs[0].count());
    return 2 * x * static_cast<double>(w.count()) / static_cast<double>(std::max<std::int64_t>(w.dims[0], 1));
  }
  if (problem.op->is<MatMul>())
    return 2 * out * static_cast<double>(problem.inputs[0].dims.empty() ? 1 : problem.inputs[0].dims.back());
  if (problem.op->is<Attention>()) {
    return 4 * static_cast<double>(problem.inputs[0].count()) * static_cast<double>(problem.inputs[1].dims[2]);
  }
  return 0;
}

/// The kernels of a plan's steps, seen on a device that only records.
class KernelViewer {
 public:
  KernelViewer(const EngineCore& core, bool compile) : target_(core.backend().target()) {
    if (dynamic_cast<const CudaBackend*>(&core.backend()) == nullptr) return;
    recording_ = cuda::CudaDevice::for_recording(cuda_target(target_).facts, compile);
  }

  /// Compiles the kernels of the schedule, several at once; what fails has no registers to show.
  void compile(const Schedule& schedule) const {
    const int threads = ThreadPool::usable_threads();
    ThreadPool::shared().ensure(threads);
    ThreadPool::shared().parallel_for(
        static_cast<std::int64_t>(schedule.steps.size()), threads,
        [&](std::int64_t i, int) { (void)kernels_of(schedule, schedule.steps[static_cast<std::size_t>(i)]); });
  }

  /// Of NVIDIA's libraries only what they are asked for can be seen.
  std::vector<KernelInfo> kernels_of(const Schedule& schedule, const ScheduledStep& step) const {
    std::vector<KernelInfo> out;
    if (recording_ == nullptr || step.tactic == nullptr || step.kernel == nullptr || !step.kernel->on_device())
      return out;
    if (step.tactic->is_library()) {
      out.push_back(
          {.name = cuda::library_operation(*step.tactic, step.problem, cuda_target(target_)), .library = true});
      return out;
    }
    // Addresses as aligned as those of a run; nothing follows them.
    const auto address = [&](const Place& place) -> std::byte* {
      if (place.buffer == kNone) return nullptr;
      constexpr std::uintptr_t kBase = std::uintptr_t{1} << 40;
      const ScheduleBuffer& buffer = schedule.buffers[static_cast<std::size_t>(place.buffer)];
      const std::int64_t start = buffer.kind == ScheduleBuffer::Kind::kArena ? buffer.arena_offset : 0;
      return reinterpret_cast<std::byte*>(kBase + static_cast<std::uintptr_t>(start + place.offset));
    };
    std::vector<const void*> inputs;
    std::vector<void*> outputs;
    for (const Place& place : step.inputs) inputs.push_back(address(place));
    for (const Place& place : step.outputs) outputs.push_back(address(place));
    const KernelBuffers buffers{.inputs = inputs.data(),
                                .outputs = outputs.data(),
                                .packed = address({0, 0}),
                                .workspace = address(step.workspace)};
    const auto launches = cuda::launches_of(recording_, cuda_target(target_), *step.tactic, step.problem, buffers);
    if (!launches) return out;
    for (const cuda::RecordedLaunch& launch : *launches) {
      out.push_back({.name = launch.name,
                     .grid = launch.grid,
                     .block = launch.block,
                     .cluster = launch.cluster,
                     .shared_bytes = launch.shared_bytes,
                     .overlaps = launch.overlaps,
                     .registers = launch.registers,
                     .local_bytes = launch.local_bytes});
    }
    return out;
  }

 private:
  const Target& target_;
  std::shared_ptr<cuda::CudaDevice> recording_;
};

void add_memory(const StepGraph& graph, const Schedule& schedule, PlanInfo& info) {
  using Kind = ScheduleBuffer::Kind;
  std::vector<BufferInfo> buffers;
  for (const ScheduleBuffer& buffer : schedule.buffers) {
    static constexpr std::array<const char*, 5> kKinds = {"arena", "input", "output", "weights", "sizes"};
    BufferInfo out{.kind = kKinds[static_cast<std::size_t>(buffer.kind)],
                   .bytes = buffer.bytes,
                   .first = buffer.first,
                   .last = buffer.last};
    if (buffer.kind == Kind::kArena) out.offset = buffer.arena_offset;
    if (buffer.kind == Kind::kArena && buffer.on_host && info.host_steps > 0) out.kind = "host arena";
    buffers.push_back(std::move(out));
  }
  for (std::size_t v = 0; v < schedule.places.size(); ++v) {
    const int buffer = schedule.places[v].buffer;
    if (buffer != kNone) buffers[static_cast<std::size_t>(buffer)].values.push_back(graph.values[v].name);
  }
  std::stable_sort(buffers.begin(), buffers.end(), [](const BufferInfo& a, const BufferInfo& b) {
    return std::tie(a.kind, a.offset) < std::tie(b.kind, b.offset);
  });
  info.memory = std::move(buffers);
}

void add_steps(const PreparedSchedule& prepared, bool own_memory, const KernelViewer& viewer, PlanInfo& info) {
  const StepGraph& graph = prepared.graph();
  const Schedule& schedule = prepared.schedule();
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    const ScheduledStep& step = schedule.steps[s];
    StepInfo out{.name = step.name, .op = std::string(step.problem.op->name())};
    out.tactic = method_of(step);
    out.reference = step.tactic != nullptr && step.tactic->is_reference();
    out.copy = step.step == kNone;
    out.on_host = own_memory && runs_on_host(step);
    out.stream = step.lane;
    info.host_steps += out.on_host ? 1 : 0;
    out.microseconds = step.us;
    out.measured = step.measured;
    out.operations = operations_of(step.problem);
    const StepGraph::Step* source = step.step == kNone ? nullptr : &graph.steps[static_cast<std::size_t>(step.step)];
    if (source != nullptr) out.members = source->members;
    for (std::size_t i = 0; i < step.problem.inputs.size(); ++i) {
      const Operand& operand = step.problem.inputs[i];
      if (operand.absent) continue;
      out.inputs.push_back(operand_text(graph, source != nullptr ? source->inputs[i] : kNone, operand));
      out.bytes += bytes_of(operand);
    }
    for (std::size_t i = 0; i < step.problem.outputs.size(); ++i) {
      const Operand& operand = step.problem.outputs[i];
      if (operand.absent) continue;
      out.outputs.push_back(operand_text(graph, source != nullptr ? source->outputs[i] : kNone, operand));
      out.bytes += bytes_of(operand);
    }
    out.dtype = step.problem.inputs.empty() || step.problem.inputs[0].absent
                    ? (step.problem.outputs.empty() ? DataType::kF32 : step.problem.outputs[0].dtype)
                    : step.problem.inputs[0].dtype;
    out.kernels = viewer.kernels_of(schedule, step);
    info.kernels += static_cast<std::int64_t>(out.kernels.size());
    info.reference_steps += out.reference ? 1 : 0;
    info.copies += out.copy ? 1 : 0;
    info.total_microseconds += out.microseconds;
    info.steps.push_back(std::move(out));
    for (const auto& body : prepared.bodies(s)) add_steps(*body, own_memory, viewer, info);
  }
}

/// Steps by name and tactic alone. `prepared`: null when there is no plan. `own_memory`: of the device.
void list_steps(const StepGraph& graph, const PreparedSchedule* prepared, bool own_memory, PlanInfo& info) {
  std::vector<std::size_t> planned(graph.steps.size(), SIZE_MAX);
  for (std::size_t s = 0; prepared != nullptr && s < prepared->schedule().steps.size(); ++s) {
    const int step = prepared->schedule().steps[s].step;
    if (step != kNone) planned[static_cast<std::size_t>(step)] = s;
  }
  for (std::size_t s = 0; s < graph.steps.size(); ++s) {
    StepInfo out{.name = graph.steps[s].name,
                 .op = std::string(graph.steps[s].op.name()),
                 .tactic = prepared != nullptr ? "view" : "by size",
                 .members = graph.steps[s].members};
    const bool has_step = planned[s] != SIZE_MAX;
    if (has_step) {
      const ScheduledStep& step = prepared->schedule().steps[planned[s]];
      out.tactic = method_of(step);
      out.reference = step.tactic != nullptr && step.tactic->is_reference();
      out.on_host = own_memory && runs_on_host(step);
    }
    info.reference_steps += out.reference ? 1 : 0;
    info.host_steps += out.on_host ? 1 : 0;
    info.steps.push_back(std::move(out));
    if (!has_step) continue;
    for (const auto& body : prepared->bodies(planned[s])) list_steps(body->graph(), body.get(), own_memory, info);
  }
}

/// A part that is planned when its sizes are known. What is told is the plan for the smallest, where there is one.
/// `own_memory`: of the device that the whole is for.
void add_part(EngineCore& part, bool own_memory, PlanInfo& info) {
  const auto dims = complete_sizes(part.graph(), {});
  const auto prepared = dims ? part.prepare(*dims) : Result<std::shared_ptr<const PreparedSchedule>>(dims.error());
  list_steps(part.graph(), prepared ? prepared->get() : nullptr, own_memory, info);
}

/// Steps of a network that is planned in parts, as their sizes become known.
void add_regions(const EngineCore& core, PlanInfo& info) {
  for (const Region& region : core.regions()) {
    if (region.engine) {
      add_part(*region.engine, core.backend().has_own_memory(), info);
      continue;
    }
    const StepGraph::Step& step = core.graph().steps[static_cast<std::size_t>(region.step)];
    const bool reference = region.bodies.empty();
    const bool on_host = core.backend().has_own_memory();
    info.steps.push_back({.name = step.name,
                          .op = std::string(step.op.name()),
                          .tactic = reference ? "reference" : "bodies",
                          .members = step.members,
                          .reference = reference,
                          .on_host = on_host});
    info.reference_steps += reference ? 1 : 0;
    info.host_steps += on_host ? 1 : 0;
    for (const auto& body : region.bodies) {
      if (body->sizes_known()) {
        add_part(*body, core.backend().has_own_memory(), info);
      } else {
        add_regions(*body, info);
      }
    }
  }
}

}  // namespace

Result<PlanInfo> Engine::plan(const std::vector<std::pair<std::string, Dims>>& shapes, bool compile_kernels) const {
  EngineCore& core = *state_->core;
  PlanInfo info{.threads = core.backend().target().threads};
  for (const Tensor& constant : core.graph().constants)
    info.weight_bytes += static_cast<std::int64_t>(constant.bytes());
  TRY(const auto complete, complete_shapes(shapes));
  std::vector<Dims> dims;
  for (const auto& [name, sizes] : complete) dims.push_back(sizes);
  if (!core.sizes_known()) {
    add_regions(core, info);
    return info;
  }
  TRY(const std::int64_t slices, core.cut_batch(dims));
  TRY(const auto prepared, core.prepare(dims));
  const KernelViewer viewer(core, compile_kernels);
  if (compile_kernels) viewer.compile(prepared->schedule());
  add_steps(*prepared, core.backend().has_own_memory(), viewer, info);
  add_memory(core.graph(), prepared->schedule(), info);
  info.batch_slices = static_cast<int>(slices);
  for (StepInfo& step : info.steps) {
    step.bytes *= slices;
    step.operations *= static_cast<double>(slices);
    step.microseconds *= static_cast<double>(slices);
  }
  info.total_microseconds *= static_cast<double>(slices);
  info.streams = prepared->schedule().lanes;
  info.arena_bytes = prepared->schedule().arena_bytes;
  info.arena_lower_bound = prepared->schedule().arena_lower_bound;
  info.packed_bytes = core.packed_bytes();
  return info;
}

}  // namespace bolide
