#include "ops/slice.h"
#include "plan/sizes.h"
#include "runtime/context.h"
#include "runtime/reference.h"
#include "runtime/regions.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::int64_t kAlignment = 256;  // of what a region takes in the device's memory

std::size_t at(int index) { return static_cast<std::size_t>(index); }

/// Whether the step takes rows of input 0 that follow each other: known before it runs but for their number.
bool takes_rows(const StepGraph& graph, const StepGraph::Step& step) {
  if (!step.op.is<Slice>() || step.inputs.size() > 4) return false;
  const TensorType& from = graph.values[at(step.inputs[0])].type;
  if (from.rank() == 0 || bit_width(from.dtype) < 8) return false;
  if (step.inputs.size() < 4 || step.inputs[3] == kNone) return from.rank() == 1;
  const Tensor* axes = graph.constant(step.inputs[3]);
  const auto numbers = axes != nullptr ? to_i64(*axes) : Result<Dims>(unsupported("axes"));
  return numbers && *numbers == Dims{0};
}

}  // namespace

RegionRunner::RegionRunner(std::shared_ptr<EngineCore> engine) : engine_(std::move(engine)) {
  const std::vector<Region>& regions = engine_->regions();
  last_readers_.assign(engine_->graph().values.size(), kNone);
  for (std::size_t r = 0; r < regions.size(); ++r) {
    Contexts& contexts = contexts_.emplace_back();
    if (regions[r].engine) contexts.region = {std::make_unique<ContextCore>(regions[r].engine), {}};
    for (const auto& body : regions[r].bodies) contexts.bodies.push_back({std::make_unique<ContextCore>(body), {}});
    for (const int input : regions[r].inputs) {
      if (input != kNone) last_readers_[at(input)] = static_cast<int>(r);
    }
  }
  for (const int output : engine_->graph().outputs) last_readers_[at(output)] = static_cast<int>(regions.size());
  find_places();
}

/// What regions make and only regions read stays where they run, and so do rows that are taken of it.
void RegionRunner::find_places() {
  const StepGraph& graph = engine_->graph();
  device_ = engine_->backend().device();
  stays_.assign(graph.values.size(), false);
  if (device_ == nullptr) return;
  std::vector<bool> on_host(graph.values.size(), false);
  for (const int output : graph.outputs) on_host[at(output)] = true;
  for (const Region& region : engine_->regions()) {
    if (region.engine && region.engine->backend().has_own_memory()) continue;
    const bool rows = !region.engine && takes_rows(graph, graph.steps[at(region.step)]);
    for (std::size_t i = rows ? 1 : 0; i < region.inputs.size(); ++i) {
      if (region.inputs[i] != kNone) on_host[at(region.inputs[i])] = true;
    }
  }
  for (const Region& region : engine_->regions()) {
    const bool rows = !region.engine && takes_rows(graph, graph.steps[at(region.step)]) &&
                      stays_[at(graph.steps[at(region.step)].inputs[0])];
    if (region.engine ? !region.engine->backend().has_own_memory() : !rows) continue;
    for (const int output : region.outputs) {
      if (output != kNone) stays_[at(output)] = !on_host[at(output)];
    }
  }
}

RegionRunner::~RegionRunner() = default;

Result<Tensors> RegionRunner::run(std::span<const Tensor> inputs) {
  const StepGraph& graph = engine_->graph();
  TRY_OK(check_inputs(graph, inputs));
  std::vector<Dims> dims;
  for (const Tensor& input : inputs) dims.push_back(input.dims());
  TRY(const Sizes sizes, resolve_dims(graph, dims));
  names_ = sizes.names;
  values_.assign(graph.values.size(), std::nullopt);
  for (std::size_t v = 0; v < values_.size(); ++v) {
    if (const Tensor* constant = graph.constant(static_cast<int>(v))) values_[v] = *constant;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) values_[at(graph.inputs[i])] = inputs[i];
  const std::vector<Region>& regions = engine_->regions();
  for (std::size_t r = 0; r < regions.size(); ++r) {
    TRY_OK(regions[r].engine ? run_region(regions[r], contexts_[r].region) : run_step(regions[r], contexts_[r]));
    for (const int input : regions[r].inputs) {
      if (input != kNone && last_readers_[at(input)] == static_cast<int>(r)) values_[at(input)].reset();
    }
  }
  Tensors outputs;
  for (const int output : graph.outputs) outputs.push_back(*values_[at(output)]);
  values_.clear();
  return outputs;
}

Status RegionRunner::run_region(const Region& region, Part& part) {
  int index = 0;
  for (const int input : region.inputs) {
    const Tensor& tensor = *values_[at(input)];
    TRY_OK(part.context->set_input(index++, tensor.dtype(), tensor.dims(), tensor.data(), stays_[at(input)]));
  }
  TRY_OK(set_names(part, region.names, index));
  std::vector<bool> stay;
  for (const int output : region.outputs) stay.push_back(stays_[at(output)]);
  TRY(Tensors results, part.context->run_owned(part.kept, stay));
  for (std::size_t o = 0; o < results.size(); ++o) values_[at(region.outputs[o])] = std::move(results[o]);
  return {};
}

Status RegionRunner::set_names(Part& part, const std::vector<std::string>& names, int index) {
  static const std::byte kNothing{};  // where the inputs lie
  for (const std::string& name : names) {
    const auto size = names_.find(name);
    if (size == names_.end()) return internal_error("the size '", name, "' is not known where it is needed");
    TRY_OK(part.context->set_input(index++, DataType::kU8, {size->second}, &kNothing));
  }
  return {};
}

Result<Tensors> RegionRunner::run_body(Part& body, const std::vector<std::string>& names,
                                       std::span<const Tensor> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool whole = is_container(inputs[i].dtype());
    TRY_OK(body.context->set_input(static_cast<int>(i), inputs[i].dtype(), inputs[i].dims(),
                                   whole ? static_cast<const void*>(&inputs[i]) : inputs[i].data()));
  }
  TRY_OK(set_names(body, names, static_cast<int>(inputs.size())));
  return body.context->run_owned(body.kept);
}

/// Rows of a tensor on the device: the same memory where the result stays there, else a copy of them alone.
Result<Tensor> RegionRunner::rows_of(const StepGraph::Step& step) {
  const Tensor& from = *values_[at(step.inputs[0])];
  TRY(const Dims starts, to_i64(*values_[at(step.inputs[1])]));
  TRY(const Dims ends, to_i64(*values_[at(step.inputs[2])]));
  if (starts.size() != 1 || ends.size() != 1) {
    return invalid_argument("Slice: ", starts.size(), " starts and ", ends.size(), " ends for one axis");
  }
  const SliceRange range = slice_range(from.dims()[0], starts[0], ends[0], 1);
  Dims dims = from.dims();
  dims[0] = range.count;
  std::int64_t row = bit_width(from.dtype()) / 8;
  for (std::size_t d = 1; d < dims.size(); ++d) row *= dims[d];
  const std::byte* first = from.data() + range.begin * row;
  const int output = step.outputs[0];
  if (stays_[at(output)] && range.begin * row % kAlignment == 0) {
    return Tensor::borrow(from.dtype(), std::move(dims), first, from.owner());
  }
  if (stream_ == nullptr) {
    TRY(stream_, device_->make_stream());
  }
  const auto bytes = static_cast<std::size_t>(range.count * row);
  if (stays_[at(output)]) {
    TRY(std::shared_ptr<DeviceBlock> block, device_->allocate(std::max<std::size_t>(bytes, 1)));
    TRY_OK(stream_->copy(block->data(), first, bytes));
    TRY_OK(stream_->wait());
    return Tensor::borrow(from.dtype(), std::move(dims), block->data(), block);
  }
  TRY(Tensor made, Tensor::allocate(from.dtype(), std::move(dims)));
  TRY_OK(stream_->download(made.data(), first, bytes));
  TRY_OK(stream_->wait());
  return made;
}

Result<Tensors> RegionRunner::results_of(const Region& region, Contexts& contexts) {
  const StepGraph::Step& step = engine_->graph().steps[at(region.step)];
  if (step.inputs.size() > 1 && step.inputs[0] != kNone && stays_[at(step.inputs[0])]) {
    TRY(Tensor rows, rows_of(step).within(strings::join("step '", step.name, "'")));
    return Tensors{std::move(rows)};
  }
  return evaluate_step(step, values_, [&](int index, std::span<const Tensor> inputs) -> Result<Tensors> {
    if (index < 0 || at(index) >= contexts.bodies.size()) {
      return internal_error("step '", step.name, "' has no body ", index);
    }
    return run_body(contexts.bodies[at(index)], region.body_names[at(index)], inputs);
  });
}

Status RegionRunner::run_step(const Region& region, Contexts& contexts) {
  const StepGraph& graph = engine_->graph();
  const StepGraph::Step& step = graph.steps[at(region.step)];
  TRY(Tensors results, results_of(region, contexts));
  for (std::size_t o = 0; o < step.outputs.size(); ++o) {
    if (step.outputs[o] == kNone) continue;
    const Shape& shape = graph.values[at(step.outputs[o])].type.shape;
    for (std::size_t d = 0; d < shape.size() && shape.size() == results[o].dims().size(); ++d) {
      TRY(const auto solved, shape[d].solve(results[o].dims()[d], names_).within(step.name));
      if (solved) names_.insert(*solved);
    }
    values_[at(step.outputs[o])] = std::move(results[o]);
  }
  return {};
}

}  // namespace bolide
