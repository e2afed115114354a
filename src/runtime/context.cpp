#include "runtime/context.h"

#include "base/time_limit.h"
#include "runtime/regions.h"
#include "tensor/raw_memory.h"

#include <algorithm>

namespace bolide {

ContextCore::ContextCore(std::shared_ptr<EngineCore> engine) : engine_(std::move(engine)) {
  inputs_.resize(engine_->graph().inputs.size());
  outputs_.resize(engine_->graph().outputs.size());
  input_data_.resize(inputs_.size());
  output_data_.resize(outputs_.size());
}

ContextCore::~ContextCore() {
  if (pending_) (void)enqueued_->wait();  // its memory goes now
}

Status ContextCore::prepare() {
  if (!stale_) return {};
  has_results_ = false;
  TRY_OK(wait_and_deliver());
  const StepGraph& graph = engine_->graph();
  TRY(std::vector<Dims> dims, input_sizes());
  if (!engine_->sizes_known()) {
    TRY_OK(resolve_dims(graph, dims));
    executor_.reset();
    on_device_ = nullptr;
    stale_ = false;
    return {};
  }
  TRY(slices_, engine_->cut_batch(dims));
  TRY(auto prepared, engine_->prepare(dims));
  const Schedule& schedule = prepared->schedule();
  const bool host_runs = !engine_->backend().has_own_memory();
  if (host_runs && static_cast<std::size_t>(schedule.arena_bytes) > arena_.size()) {
    arena_ = {};
    TRY(arena_, AlignedBuffer::allocate(static_cast<std::size_t>(schedule.arena_bytes)));
  }
  const std::size_t scratch = scratch_stride(schedule.scratch_bytes) * static_cast<std::size_t>(schedule.threads);
  if (scratch > scratch_.size()) {
    TRY(scratch_, AlignedBuffer::allocate(scratch));
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    OutputPort& port = outputs_[i];
    if (port.borrowed) continue;
    const auto value = static_cast<std::size_t>(graph.outputs[i]);
    TRY(const std::int64_t count, element_count(schedule.sizes.dims[value]));
    const std::size_t bytes = packed_bytes(graph.values[value].type.dtype, count * slices_);
    if (bytes > port.owned.size()) {
      TRY(port.owned, AlignedBuffer::allocate(bytes));
    }
    port.data = port.owned.data();
    port.bytes = port.owned.size();
  }
  if (host_runs) {
    executor_ = std::make_unique<Executor>(std::move(prepared));
  } else {
    TRY_OK(prepare_device(std::move(prepared)));
  }
  stale_ = false;
  return {};
}

Status ContextCore::Running::check() const {
  if (!taken) return {};
  return invalid_argument("this execution context is running already; use one context for each thread");
}

Status ContextCore::run() {
  const Running running(running_);
  TRY_OK(running.check());
  return run_now();
}

Status ContextCore::run_now() {
  cancelled_ = false;
  const TimeLimit limit(most_seconds_, &cancelled_);
  TRY_OK(wait_and_deliver());
  TRY_OK(prepare());
  has_results_ = false;
  if (on_device_ != nullptr) {
    TRY_OK(run_on_device());
    has_results_ = true;
    return {};
  }
  if (!executor_) {
    TRY_OK(run_dynamic());
    has_results_ = true;
    return {};
  }
  const Schedule& schedule = executor_->prepared().schedule();
  TRY_OK(check_outputs(schedule));
  if (times_ != nullptr) times_->us.assign(executor_->prepared().step_count(), 0);
  const StepGraph& graph = engine_->graph();
  const RunBuffers buffers{
      .arena = arena_.data(), .scratch = scratch_of(schedule), .inputs = input_data_, .outputs = output_data_};
  for (std::size_t slice = 0; slice < static_cast<std::size_t>(slices_); ++slice) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      input_data_[i] = static_cast<const std::byte*>(inputs_[i].data) + slice * slice_bytes(schedule, graph.inputs[i]);
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      output_data_[i] = static_cast<std::byte*>(outputs_[i].data) + slice * slice_bytes(schedule, graph.outputs[i]);
    }
    TRY_OK(executor_->run(buffers, {.times = times_, .observer = observer_}));
  }
  has_results_ = true;
  return {};
}

namespace {

/// Bytes in the memory of the device (null: of the host), for elements of the type: with whatever lies there, but where
/// elements share bytes.
Result<Tensor> memory_of(Device* device, DataType dtype, std::size_t bytes) {
  const Dims dims = {static_cast<std::int64_t>(bytes)};
  if (device == nullptr)
    return bit_width(dtype) < 8 ? Tensor::allocate(DataType::kU8, dims) : raw_tensor(DataType::kU8, dims);
  TRY(std::shared_ptr<DeviceBlock> block, device->allocate(std::max<std::size_t>(bytes, 1)));
  return Tensor::borrow(DataType::kU8, dims, block->data(), block);
}

}  // namespace

Result<Tensors> ContextCore::run_owned(Tensors& kept, const std::vector<bool>& on_device) {
  Tensors results;
  kept.resize(outputs_.size());
  if (!engine_->sizes_known()) {
    TRY_OK(run());
    for (OutputPort& port : outputs_) results.push_back(std::move(port.dynamic));
    has_results_ = false;
    return results;
  }
  TRY_OK(prepare());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const int value = engine_->graph().outputs[i];
    const DataType dtype = engine_->graph().values[static_cast<std::size_t>(value)].type.dtype;
    Dims dims = planned_dims(value);
    TRY(const std::int64_t count, element_count(dims));
    const std::size_t bytes = packed_bytes(dtype, count);
    const bool there = i < on_device.size() && on_device[i];
    if (kept[i].bytes() < bytes || kept[i].owner().use_count() != 1) {
      TRY(kept[i], memory_of(there ? engine_->backend().device().get() : nullptr, dtype, bytes));
    }
    TRY_OK(set_output(static_cast<int>(i), kept[i].data(), bytes, there));
    results.push_back(Tensor::borrow(dtype, std::move(dims), kept[i].data(), kept[i].owner()));
  }
  TRY_OK(run());
  return results;
}

HostScratch ContextCore::scratch_of(const Schedule& schedule) {
  return {.data = scratch_.data(), .stride = scratch_stride(schedule.scratch_bytes)};
}

Status ContextCore::enqueue(void* native) {
  const Running running(running_);
  TRY_OK(running.check());
  return give_run(native);
}

Status ContextCore::wait() {
  const Running running(running_);
  TRY_OK(running.check());
  TRY_OK(wait_and_deliver());
  return stream_ == nullptr ? ok() : stream_->wait();
}

Result<bool> ContextCore::finished() {
  const Running running(running_);
  TRY_OK(running.check());
  if (!pending_) return true;
  return enqueued_->done();
}

Status ContextCore::wait_for_event(void* event) {
  const Running running(running_);
  TRY_OK(running.check());
  TRY_OK(make_own_stream());
  return stream_->wait_for(*engine_->backend().device()->borrow_event(event));
}

Status ContextCore::record_event(void* event) {
  const Running running(running_);
  TRY_OK(running.check());
  TRY_OK(make_own_stream());
  return stream_->record(*engine_->backend().device()->borrow_event(event));
}

Status ContextCore::set_device_memory(void* data, std::size_t bytes) {
  const Running running(running_);
  TRY_OK(running.check());
  return set_memory(data, bytes);
}

Status ContextCore::run_dynamic() {
  const StepGraph& graph = engine_->graph();
  Tensors inputs;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const auto value = static_cast<std::size_t>(graph.inputs[i]);
    const DataType dtype = graph.values[value].type.dtype;
    inputs.push_back(is_container(dtype) ? *static_cast<const Tensor*>(inputs_[i].data)
                                         : Tensor::borrow(dtype, inputs_[i].dims, inputs_[i].data, nullptr));
  }
  if (!regions_) regions_ = std::make_unique<RegionRunner>(engine_);
  TRY(Tensors results, regions_->run(inputs));
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    OutputPort& port = outputs_[i];
    port.dynamic = std::move(results[i]);
    if (!port.borrowed) continue;
    if (port.bytes < port.dynamic.bytes()) {
      return invalid_argument("output '", graph.values[static_cast<std::size_t>(graph.outputs[i])].name, "' needs ",
                              port.dynamic.bytes(), " bytes for ", port.dynamic.dims(), ", the memory given has ",
                              port.bytes);
    }
    std::memcpy(port.data, port.dynamic.data(), port.dynamic.bytes());
  }
  return {};
}

}  // namespace bolide
