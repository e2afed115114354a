// Contexts of engines on a device with its own memory.
#include "runtime/context.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::size_t kMostExecutors = 8;   // shapes
constexpr std::uintptr_t kAlignment = 256;  // of memory that is given
constexpr std::string_view kOnlyTheData =
    "only the data decide sizes of this network, so that a run waits for them in its middle; use run() with the host's "
    "memory";

/// "; the largest step is 'conv3' with 123 bytes": what to make smaller when memory is short.
std::string largest_step(const Schedule& schedule) {
  const ScheduledStep* largest = nullptr;
  std::size_t most = 0;
  for (const ScheduledStep& step : schedule.steps) {
    std::size_t bytes = 0;
    for (const std::vector<Operand>* operands : {&step.problem.inputs, &step.problem.outputs}) {
      for (const Operand& operand : *operands) {
        if (!operand.absent && operand.constant == nullptr) bytes += packed_bytes(operand.dtype, operand.count());
      }
    }
    if (step.workspace.buffer != kNone) {
      bytes += static_cast<std::size_t>(schedule.buffers[static_cast<std::size_t>(step.workspace.buffer)].bytes);
    }
    if (bytes <= most) continue;
    most = bytes;
    largest = &step;
  }
  if (largest == nullptr) return {};
  return strings::join("; the largest step is '", largest->name, "' with ", most, " bytes");
}

}  // namespace

Status ContextCore::takes_device_memory(std::string_view what) const {
  if (engine_->backend().device() == nullptr) {
    return invalid_argument(what, " is given in a device's memory, but the engine runs on ", engine_->backend().name());
  }
  if (!engine_->sizes_known()) {
    return unsupported(what, " is given in a device's memory, but ", kOnlyTheData);
  }
  return {};
}

Status ContextCore::make_own_stream() {
  const std::shared_ptr<Device> device = engine_->backend().device();
  if (device == nullptr) {
    if (!engine_->backend().has_own_memory()) {
      return unsupported("this engine runs on ", engine_->backend().name(), "; use run()");
    }
    return not_found("the engine was planned for ", engine_->backend().target().fingerprint,
                     " without such a device; load its file where there is one");
  }
  if (stream_ == nullptr) {
    TRY(auto event, device->make_event());
    TRY(stream_, device->make_stream());
    enqueued_ = std::move(event);
  }
  return {};
}

Status ContextCore::prepare_device(std::shared_ptr<const PreparedSchedule> prepared) {
  TRY_OK(make_own_stream());
  const std::shared_ptr<Device> device = engine_->backend().device();
  for (auto known = device_executors_.begin(); known != device_executors_.end(); ++known) {
    if (&(*known)->prepared() != prepared.get()) continue;
    device_executors_.splice(device_executors_.begin(), device_executors_, known);
    on_device_ = device_executors_.front().get();
    return {};
  }
  on_device_ = nullptr;
  const DeviceExecutor::Needs needs = DeviceExecutor::needs(*prepared);
  const std::size_t device_bytes = workspace_.device == nullptr ? 0 : workspace_.device->size();
  const std::size_t host_bytes = workspace_.host == nullptr ? 0 : workspace_.host->size();
  if (given_memory_ && device_bytes < needs.device) {
    return invalid_argument("the device memory given has ", device_bytes, " bytes, these sizes need ", needs.device,
                            largest_step(prepared->schedule()));
  }
  if (workspace_.device == nullptr || device_bytes < needs.device) {
    device_executors_.clear();  // their graphs know the addresses of what goes now
    workspace_.device = nullptr;
    auto made = device->allocate(needs.device).within("activations");
    if (!made) {
      Error error = std::move(made).error();
      error.message += largest_step(prepared->schedule());
      return error;
    }
    workspace_.device = *std::move(made);
  }
  if (workspace_.host == nullptr || host_bytes < needs.host) {
    device_executors_.clear();
    workspace_.host = nullptr;
    TRY(workspace_.host, device->allocate_host(needs.host).within("inputs and outputs"));
    DeviceExecutor::clear(*workspace_.host);
  }
  if (device_executors_.size() >= kMostExecutors) device_executors_.pop_back();
  device_executors_.push_front(
      std::make_unique<DeviceExecutor>(std::move(prepared), device, workspace_, engine_->options().side_by_side));
  on_device_ = device_executors_.front().get();
  return {};
}

void ContextCore::fill_ports() {
  input_ports_.resize(inputs_.size());
  output_ports_.resize(outputs_.size());
  // Inputs are only read through these addresses.
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    input_ports_[i] = {const_cast<void*>(inputs_[i].data), inputs_[i].on_device};
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) output_ports_[i] = {outputs_[i].data, outputs_[i].on_device};
}

Status ContextCore::run_on_device() {
  const Schedule& schedule = on_device_->prepared().schedule();
  TRY_OK(check_outputs(schedule));
  fill_ports();
  TRY_OK(on_device_->run(*stream_, input_ports_, output_ports_, scratch_of(schedule)));
  return times_ == nullptr ? ok() : on_device_->profile(*stream_, scratch_of(schedule), *times_);
}

Status ContextCore::give_run(void* native) {
  TRY_OK(prepare());
  if (!engine_->backend().has_own_memory()) {
    return unsupported("this engine runs on ", engine_->backend().name(), "; use run()");
  }
  if (on_device_ == nullptr) return unsupported(kOnlyTheData);
  if (const ScheduledStep* const step = on_device_->host_step()) {
    return unsupported("step '", step->name, "' (", step->problem.op->name(),
                       ") runs on the host, so that a run has to wait for the device in its middle; use run()");
  }
  TRY_OK(check_outputs(on_device_->prepared().schedule()));
  fill_ports();
  const auto staged = [](const DevicePort& port) { return !port.on_device; };
  const bool stages = std::ranges::any_of(input_ports_, staged) || std::ranges::any_of(output_ports_, staged);
  // The staging memory is one: what lies there goes first.
  if (stages) TRY_OK(wait_and_deliver());
  DeviceStream* stream = stream_.get();
  if (native != nullptr) {
    if (borrowed_ == nullptr || borrowed_native_ != native) {
      borrowed_ = engine_->backend().device()->borrow_stream(native);
      borrowed_native_ = native;
    }
    stream = borrowed_.get();
  }
  if (pending_ && pending_native_ != native) TRY_OK(stream->wait_for(*enqueued_));
  has_results_ = false;
  TRY_OK(on_device_->enqueue(*stream_, *stream, input_ports_, output_ports_,
                             scratch_of(on_device_->prepared().schedule())));
  TRY_OK(stream->record(*enqueued_));
  pending_ = true;
  pending_native_ = native;
  pending_outputs_ = output_ports_;
  return {};
}

Status ContextCore::wait_and_deliver() {
  if (!pending_) return {};
  pending_ = false;
  TRY_OK(enqueued_->wait());
  if (on_device_ != nullptr) {
    TRY_OK(on_device_->deliver(pending_outputs_));
    has_results_ = true;
  }
  return {};
}

Status ContextCore::set_memory(void* data, std::size_t bytes) {
  if (!engine_->backend().has_own_memory()) {
    return invalid_argument("device memory is given, but the engine runs on ", engine_->backend().name());
  }
  if (reinterpret_cast<std::uintptr_t>(data) % kAlignment != 0) {
    return invalid_argument("device memory is to start at a multiple of ", kAlignment, " bytes");
  }
  TRY_OK(wait_and_deliver());
  device_executors_.clear();
  on_device_ = nullptr;
  stale_ = true;
  has_results_ = false;
  given_memory_ = data != nullptr;
  workspace_.device = given_memory_ ? DeviceBlock::borrow(data, bytes) : nullptr;
  return {};
}

Result<std::size_t> ContextCore::device_memory_bytes() {
  if (!engine_->backend().has_own_memory()) {
    return unsupported("this engine runs on ", engine_->backend().name(), ", which has no memory of its own");
  }
  TRY(const std::vector<Dims> dims, input_sizes());
  TRY(const auto prepared, engine_->prepare(dims));
  return DeviceExecutor::needs(*prepared).device;
}

}  // namespace bolide
