#include <bolide/engine.h>

#include "api/engine_state.h"
#include "api/host_tensor.h"
#include "api/network_state.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/cuda/cuda_backend.h"
#include "base/log.h"
#include "base/thread_pool.h"

#include <algorithm>
#include <charconv>

namespace bolide {
namespace {

std::vector<TensorInfo> infos(const StepGraph& graph, std::span<const int> values) {
  std::vector<TensorInfo> result;
  for (const int index : values) {
    const StepGraph::Value& value = graph.values[static_cast<std::size_t>(index)];
    result.push_back(tensor_info(value.name, value.type));
  }
  return result;
}

std::string names_of(const StepGraph& graph, std::span<const int> values) {
  std::string out;
  for (const int index : values) {
    out += strings::join(out.empty() ? "" : ", ", "'", graph.values[static_cast<std::size_t>(index)].name, "'");
  }
  return out;
}

Result<int> find_input(const EngineCore& engine, std::string_view name) {
  const int index = engine.input_index(name);
  if (index != kNone) return index;
  return not_found("'", name, "' is no input; the inputs are ", names_of(engine.graph(), engine.graph().inputs));
}

Result<int> find_output(const EngineCore& engine, std::string_view name) {
  const int index = engine.output_index(name);
  if (index != kNone) return index;
  return not_found("'", name, "' is no output; the outputs are ", names_of(engine.graph(), engine.graph().outputs));
}

Result<std::shared_ptr<const Backend>> make_cuda(const std::string& device, bool tf32) {
  int number = 0;
  const bool planned = device.rfind("sm_", 0) == 0;
  const std::string digits = planned ? device.substr(3) : device == "cuda" ? "0" : device.substr(5);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 0) {
    return invalid_argument("device '", device, "': write cuda, cuda:N or sm_NN");
  }
  if (planned) {
    TRY(CudaTarget target, make_cuda_target(number, tf32));
    return std::shared_ptr<const Backend>(std::make_shared<CudaBackend>(std::move(target)));
  }
  auto opened = cuda::CudaDevice::open(number).within(strings::join("device '", device, "'"));
  if (opened) {
    if (const auto nvrtc = cuda::nvrtc_api(); !nvrtc) opened = nvrtc.error();
  }
  if (!opened && opened.error().code == Code::kNotFound) {
    return unsupported(opened.error().message, "; 'bolide doctor' tells what there is, --device cpu needs no GPU");
  }
  if (!opened) return std::move(opened).error();
  return std::shared_ptr<const Backend>(std::make_shared<CudaBackend>(make_cuda_target(*std::move(opened), tf32)));
}

}  // namespace

Result<std::shared_ptr<const Backend>> make_backend(const std::string& device, int threads, bool tf32) {
  if (device == "cuda" || device.rfind("cuda:", 0) == 0 || device.rfind("sm_", 0) == 0) return make_cuda(device, tf32);
  if (device != "cpu") {
    return unsupported("there is no device '", device, "'; write cpu, cuda, cuda:N, or sm_NN for a plan without one");
  }
  const int usable = ThreadPool::usable_threads();
  if (threads > usable) {
    log(LogLevel::kWarn, threads, " threads asked for, affinity and quota allow ", usable, "; they will share cores");
  }
  const int used = threads > 0 ? threads : usable;
  ThreadPool::shared().ensure(used);
  return std::shared_ptr<const Backend>(std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, used)));
}

std::vector<TensorInfo> Engine::inputs() const { return infos(state_->core->graph(), state_->core->graph().inputs); }
std::vector<TensorInfo> Engine::outputs() const { return infos(state_->core->graph(), state_->core->graph().outputs); }

Result<std::vector<std::pair<std::string, Dims>>> Engine::complete_shapes(
    const std::vector<std::pair<std::string, Dims>>& given) const {
  const StepGraph& graph = state_->core->graph();
  TRY(std::vector<Dims> sizes, complete_sizes(graph, given));
  std::vector<std::pair<std::string, Dims>> result;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    result.emplace_back(graph.values[static_cast<std::size_t>(graph.inputs[i])].name, std::move(sizes[i]));
  }
  return result;
}

Result<ExecutionContext> Engine::make_context() const {
  return ExecutionContext(std::make_unique<ExecutionContext::State>(state_));
}

std::map<std::string, std::string> Engine::facts() const {
  const Target& target = state_->core->backend().target();
  const StepGraph& graph = state_->core->graph();
  std::map<std::string, std::string> facts = {
      {"device", target.backend}, {"fingerprint", target.fingerprint}, {"threads", strings::join(target.threads)},
      {"source", state_->source}, {"precision", state_->precision},    {"steps", strings::join(graph.steps.size())},
  };
  std::string tuned;
  for (const Variant& variant : state_->core->variants()) {
    for (const Dims& dims : variant.inputs) tuned += strings::join(tuned.empty() ? "" : " ", dims);
  }
  if (!state_->kept_fp32.empty()) facts["kept_fp32"] = state_->kept_fp32;
  facts["tuned"] = tuned.empty() ? "no shape" : tuned;
  std::string others;
  for (const DeviceVariant& other : state_->stored) {
    const bool same = other.backend == target.backend && other.fingerprint == target.fingerprint;
    if (same && other.threads == target.threads) continue;
    others += strings::join(others.empty() ? "" : "; ", other.fingerprint);
    if (other.backend == "cpu") others += strings::join(" with ", other.threads, " threads");
  }
  if (!others.empty()) facts["also for"] = others;
  return facts;
}

ExecutionContext::ExecutionContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
ExecutionContext::~ExecutionContext() = default;
ExecutionContext::ExecutionContext(ExecutionContext&&) noexcept = default;
ExecutionContext& ExecutionContext::operator=(ExecutionContext&&) noexcept = default;

Status ExecutionContext::set_input(std::string_view name, const HostTensor& tensor) {
  TRY(const int index, find_input(state_->core.engine(), name));
  return state_->core.set_input(index, tensor.dtype(), tensor.dims(), tensor.data());
}

Status ExecutionContext::set_input(std::string_view name, DataType type, const Dims& dims, const void* data) {
  TRY(const int index, find_input(state_->core.engine(), name));
  if (is_container(type)) return invalid_argument("input '", name, "' is a ", type, ": give it as a HostTensor");
  return state_->core.set_input(index, type, dims, data);
}

Status ExecutionContext::set_output(std::string_view name, void* data, std::size_t bytes) {
  TRY(const int index, find_output(state_->core.engine(), name));
  return state_->core.set_output(index, data, bytes);
}

Status ExecutionContext::set_device_input(std::string_view name, DataType type, const Dims& dims, const void* data) {
  TRY(const int index, find_input(state_->core.engine(), name));
  return state_->core.set_input(index, type, dims, data, true);
}

Status ExecutionContext::set_device_output(std::string_view name, void* data, std::size_t bytes) {
  TRY(const int index, find_output(state_->core.engine(), name));
  return state_->core.set_output(index, data, bytes, true);
}

Status ExecutionContext::enqueue(void* stream) { return state_->core.enqueue(stream); }
Status ExecutionContext::synchronize() { return state_->core.wait(); }
Result<bool> ExecutionContext::finished() { return state_->core.finished(); }
Status ExecutionContext::wait_event(void* event) { return state_->core.wait_for_event(event); }
Status ExecutionContext::record_event(void* event) { return state_->core.record_event(event); }
Status ExecutionContext::set_device_memory(void* data, std::size_t bytes) {
  return state_->core.set_device_memory(data, bytes);
}
Result<std::size_t> ExecutionContext::device_memory_bytes() { return state_->core.device_memory_bytes(); }

Result<Dims> ExecutionContext::output_dims(std::string_view name) {
  TRY(const int index, find_output(state_->core.engine(), name));
  return state_->core.output_dims(index);
}

namespace {

/// All steps in the order of their numbers.
void report_steps(const PreparedSchedule& prepared, std::size_t first, const StepTimes& times, Profiler& profiler) {
  for (std::size_t s = 0; s < prepared.schedule().steps.size(); ++s) {
    const ScheduledStep& step = prepared.schedule().steps[s];
    profiler.report_step(step.name, method_of(step), times.us[first + prepared.number(s)]);
    for (std::size_t b = 0; b < prepared.bodies(s).size(); ++b) {
      report_steps(*prepared.bodies(s)[b], first + prepared.body_number(s, b), times, profiler);
    }
  }
}

}  // namespace

Status ExecutionContext::run() {
  TRY_OK(state_->core.run());
  if (state_->profiler != nullptr && state_->core.prepared() != nullptr) {
    report_steps(*state_->core.prepared(), 0, state_->times, *state_->profiler);
  }
  return {};
}

Result<HostTensor> ExecutionContext::output(std::string_view name) const {
  TRY(const int index, find_output(state_->core.engine(), name));
  TRY(Dims dims, state_->core.result_dims(index));
  const StepGraph& graph = state_->core.engine().graph();
  const DataType dtype =
      graph.values[static_cast<std::size_t>(graph.outputs[static_cast<std::size_t>(index)])].type.dtype;
  const void* data = state_->core.output_data(index);
  if (is_container(dtype)) {
    return HostTensor::Access::share(*static_cast<const Tensor*>(data));
  }
  // The memory belongs to the context; the tensor only points at it.
  return HostTensor::borrow(dtype, std::move(dims), const_cast<void*>(data));
}

void ExecutionContext::set_time_limit(double seconds) { state_->core.limit_time(seconds); }
void ExecutionContext::cancel() { state_->core.cancel(); }

void ExecutionContext::set_profiler(Profiler* profiler) {
  state_->profiler = profiler;
  state_->core.profile(profiler != nullptr ? &state_->times : nullptr);
}

std::int64_t ExecutionContext::arena_bytes() const { return state_->core.arena_bytes(); }

}  // namespace bolide
