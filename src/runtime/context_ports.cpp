// Inputs and outputs of contexts: what is given, and what comes out.
#include "runtime/context.h"

namespace bolide {

Status ContextCore::set_input(int index, DataType dtype, const Dims& dims, const void* data, bool on_device) {
  const StepGraph& graph = engine_->graph();
  if (index < 0 || static_cast<std::size_t>(index) >= inputs_.size()) {
    return invalid_argument("input ", index, " does not exist; the model has ", inputs_.size());
  }
  const StepGraph::Value& value = graph.values[static_cast<std::size_t>(graph.inputs[static_cast<std::size_t>(index)])];
  if (dtype != value.type.dtype) {
    return invalid_argument("input '", value.name, "' is given as ", dtype, ", the model takes ", value.type.dtype);
  }
  if (dims.size() != value.type.shape.size()) {
    return invalid_argument("input '", value.name, "' is given as ", dims, ", the model takes ",
                            text(value.type.shape));
  }
  TRY(const std::int64_t count, element_count(dims).within(strings::join("input '", value.name, "'")));
  if (data == nullptr && count > 0) return invalid_argument("input '", value.name, "' has no data");
  Port& port = inputs_[static_cast<std::size_t>(index)];
  if (!port.set || port.dims != dims) {
    port.dims = dims;
    stale_ = true;
  }
  if (on_device) TRY_OK(takes_device_memory(strings::join("input '", value.name, "'")));
  port.data = data;
  port.set = true;
  port.on_device = on_device;
  return {};
}

Status ContextCore::set_output(int index, void* data, std::size_t bytes, bool on_device) {
  if (index < 0 || static_cast<std::size_t>(index) >= outputs_.size()) {
    return invalid_argument("output ", index, " does not exist; the model has ", outputs_.size());
  }
  const StepGraph::Value& value =
      engine_->graph().values[static_cast<std::size_t>(engine_->graph().outputs[static_cast<std::size_t>(index)])];
  if (data != nullptr && (value.type.dtype == DataType::kString || is_container(value.type.dtype))) {
    return unsupported("output '", value.name, "' is ", value.type, ", which is read from the context, not written");
  }
  if (on_device) TRY_OK(takes_device_memory(strings::join("output '", value.name, "'")));
  OutputPort& port = outputs_[static_cast<std::size_t>(index)];
  has_results_ = false;  // a result that was there is not in the new place
  port.on_device = on_device && data != nullptr;
  port.borrowed = data != nullptr;
  port.data = data;
  port.bytes = bytes;
  if (!port.borrowed) stale_ = true;
  return {};
}

Result<std::vector<Dims>> ContextCore::input_sizes() const {
  const StepGraph& graph = engine_->graph();
  std::vector<Dims> dims;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (!inputs_[i].set) {
      return invalid_argument("input '", graph.values[static_cast<std::size_t>(graph.inputs[i])].name, "' is not set");
    }
    dims.push_back(inputs_[i].dims);
  }
  return dims;
}

Dims ContextCore::planned_dims(int value) const {
  Dims dims = schedule()->sizes.dims[static_cast<std::size_t>(value)];
  if (slices_ > 1) dims[0] *= slices_;
  return dims;
}

/// Bytes of a value in one slice.
std::size_t ContextCore::slice_bytes(const Schedule& schedule, int value) const {
  std::int64_t count = 1;
  for (const std::int64_t size : schedule.sizes.dims[static_cast<std::size_t>(value)]) count *= size;
  return packed_bytes(engine_->graph().values[static_cast<std::size_t>(value)].type.dtype, count);
}

Status ContextCore::check_outputs(const Schedule& schedule) const {
  const StepGraph& graph = engine_->graph();
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const int value = graph.outputs[i];
    const std::size_t needed = slice_bytes(schedule, value) * static_cast<std::size_t>(slices_);
    if (outputs_[i].bytes < needed) {
      return invalid_argument("output '", graph.values[static_cast<std::size_t>(value)].name, "' needs ", needed,
                              " bytes for ", planned_dims(value), ", the memory given has ", outputs_[i].bytes);
    }
  }
  return {};
}

Result<Dims> ContextCore::output_dims(int index) {
  if (index < 0 || static_cast<std::size_t>(index) >= outputs_.size()) {
    return invalid_argument("output ", index, " does not exist; the model has ", outputs_.size());
  }
  TRY_OK(prepare());
  if (schedule() == nullptr) return result_dims(index);
  return planned_dims(engine_->graph().outputs[static_cast<std::size_t>(index)]);
}

Result<Dims> ContextCore::result_dims(int index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= outputs_.size()) {
    return invalid_argument("output ", index, " does not exist; the model has ", outputs_.size());
  }
  const auto value = static_cast<std::size_t>(engine_->graph().outputs[static_cast<std::size_t>(index)]);
  if (!has_results_) {
    return invalid_argument("output '", engine_->graph().values[value].name,
                            "' has no result yet: run the context first");
  }
  if (schedule() == nullptr) return outputs_[static_cast<std::size_t>(index)].dynamic.dims();
  return planned_dims(engine_->graph().outputs[static_cast<std::size_t>(index)]);
}

const void* ContextCore::output_data(int index) const {
  const OutputPort& port = outputs_[static_cast<std::size_t>(index)];
  if (schedule() != nullptr || port.borrowed) return port.data;
  if (is_container(port.dynamic.dtype())) return &port.dynamic;
  return port.dynamic.data();
}

}  // namespace bolide
