#include "plan/schedule_builder.h"

#include "ops/all.h"
#include "plan/known_values.h"
#include "plan/lanes.h"

#include <algorithm>

namespace bolide {

Result<Schedule> ScheduleBuilder::run() {
  find_aliases();
  find_outputs();
  place_sources();
  for (std::size_t s = 0; s < graph_.steps.size(); ++s) TRY_OK(add_step(static_cast<int>(s)));
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) TRY_OK(finish_output(static_cast<int>(i)));
  plan_lanes();
  plan_arena();
  return std::move(schedule_);
}

bool ScheduleBuilder::written_by_kernel(int value) const {
  const int producer = flow_.producer[static_cast<std::size_t>(value)];
  if (producer == kNone || schedule_.sizes.value(value) != nullptr) return false;
  const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(producer)];
  return !step.op.info().view && step.bodies.empty();
}

void ScheduleBuilder::find_aliases() {
  for (const StepGraph::Step& step : graph_.steps) {
    const auto* concat = step.op.as<Concat>();
    if (concat == nullptr || element_bytes(step.outputs[0]) == 0) continue;
    const int into = step.outputs[0];
    const auto axis = static_cast<std::size_t>(
        concat->axis < 0 ? concat->axis + static_cast<std::int64_t>(dims(into).size()) : concat->axis);
    std::int64_t start = 0;
    for (const int input : step.inputs) {
      Alias& alias = aliases_[static_cast<std::size_t>(input)];
      const bool is_output = std::find(graph_.outputs.begin(), graph_.outputs.end(), input) != graph_.outputs.end();
      if (alias.into == kNone && written_by_kernel(input) && !is_output && order(input) == order(into)) {
        alias = {into, start, axis};
      }
      start += dims(input)[axis];
    }
  }
}

void ScheduleBuilder::find_outputs() {
  for (std::size_t i = graph_.outputs.size(); i-- > 0;) {
    leaves_as_[static_cast<std::size_t>(graph_.outputs[i])] = static_cast<int>(i);
  }
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    int value = graph_.outputs[i];
    for (;;) {
      const int producer = flow_.producer[static_cast<std::size_t>(value)];
      if (producer == kNone) break;
      const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(producer)];
      const bool renames =
          step.op.is<Identity>() || step.op.is<Reshape>() || step.op.is<Squeeze>() || step.op.is<Unsqueeze>();
      if (!renames) break;
      value = step.inputs[0];
    }
    int& index = leaves_as_[static_cast<std::size_t>(value)];
    if (index == kNone && written_by_kernel(value)) index = static_cast<int>(i);
  }
}

int ScheduleBuilder::add_buffer(Kind kind, int index, std::int64_t bytes) {
  schedule_.buffers.push_back({.kind = kind, .index = index, .bytes = bytes, .first = now(), .last = now()});
  return static_cast<int>(schedule_.buffers.size()) - 1;
}

void ScheduleBuilder::touch(int buffer) {
  ScheduleBuffer& touched = schedule_.buffers[static_cast<std::size_t>(buffer)];
  touched.first = std::min(touched.first, now());
  touched.last = std::max(touched.last, now());
}

void ScheduleBuilder::place_sources() {
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
    const int value = graph_.inputs[i];
    strides(value) = contiguous_strides(dims(value));
    place(value) = {add_buffer(Kind::kInput, static_cast<int>(i), bytes_of(value)), 0};
  }
}

std::int64_t ScheduleBuilder::bytes_of(int value) const {
  std::int64_t count = 1;
  for (const std::int64_t size : dims(value)) count *= size;
  return static_cast<std::int64_t>(packed_bytes(dtype(value), count));
}

void ScheduleBuilder::place_written(int value) {
  if (place(value).buffer != kNone) return;
  const Alias& alias = aliases_[static_cast<std::size_t>(value)];
  if (alias.into != kNone) {
    place_written(alias.into);
    strides(value) = strides(alias.into);
    place(value) = place(alias.into);
    place(value).offset += alias.start * strides(value)[alias.axis] * element_bytes(value);
    return;
  }
  const Order layout = order(value).empty() ? row_major(static_cast<int>(dims(value).size())) : order(value);
  strides(value) = dense_strides(dims(value), layout);
  const int output = leaves_as_[static_cast<std::size_t>(value)];
  const bool taken = std::ranges::any_of(schedule_.buffers, [output](const ScheduleBuffer& buffer) {
    return buffer.kind == Kind::kOutput && buffer.index == output;
  });
  if (output != kNone && !taken && same_strides(dims(value), strides(value), contiguous_strides(dims(value)))) {
    place(value) = {add_buffer(Kind::kOutput, output, bytes_of(value)), 0};
  } else {
    place(value) = {add_buffer(Kind::kArena, kNone, bytes_of(value)), 0};
  }
}

int ScheduleBuilder::constant_buffer(int constant) {
  int& buffer = constants_[static_cast<std::size_t>(constant)];
  if (buffer == kNone) {
    const auto bytes = static_cast<std::int64_t>(graph_.constants[static_cast<std::size_t>(constant)].bytes());
    buffer = add_buffer(Kind::kConstant, constant, bytes);
  }
  return buffer;
}

Operand ScheduleBuilder::operand(int value) {
  if (value == kNone) return {.absent = true};
  Operand result{.dtype = dtype(value), .dims = dims(value), .constant = graph_.constant(value)};
  if (result.constant != nullptr) {
    strides(value) = contiguous_strides(result.dims);
    place(value) = {constant_buffer(graph_.values[static_cast<std::size_t>(value)].constant), 0};
  } else if (const Tensor* known = schedule_.sizes.value(value)) {
    if (known->count() <= kMostBuiltOn) result.constant = known;
    strides(value) = contiguous_strides(result.dims);
    if (place(value).buffer == kNone) {
      place(value) = {add_buffer(Kind::kKnown, value, static_cast<std::int64_t>(known->bytes())), 0};
    }
  }
  result.strides = strides(value);
  return result;
}

Status ScheduleBuilder::finish_output(int index) {
  const int value = graph_.outputs[static_cast<std::size_t>(index)];
  const Operand source = operand(value);
  const Place from = place(value);
  if (from.buffer == kNone) return {};  // empty: no step wrote it
  const ScheduleBuffer& buffer = schedule_.buffers[static_cast<std::size_t>(from.buffer)];
  if (buffer.kind == Kind::kOutput && buffer.index == index) return {};
  const Place to = {add_buffer(Kind::kOutput, index, bytes_of(value)), 0};
  return add_copy(graph_.values[static_cast<std::size_t>(value)].name, value, to, contiguous_strides(source.dims));
}

void ScheduleBuilder::plan_lanes() {
  constexpr double kWorthwhile = 0.9;   // forks and joins cost, and launches there overlap less
  constexpr int kMost = 6;              // more gain nothing on networks of up to four branches
  constexpr std::size_t kSteps = 4000;  // the square of it decides what planning costs
  if (!backend_.has_own_memory() || schedule_.steps.size() > kSteps) return;
  std::vector<double> us;
  double sum = 0;
  for (const ScheduledStep& step : schedule_.steps) {
    // What runs on the host waits for all before it.
    if (step.kernel == nullptr || !step.kernel->on_device()) return;
    us.push_back(step.us);
    sum += step.us;
  }
  Lanes lanes = assign_lanes(find_step_order(schedule_), us, kMost);
  if (lanes.us > kWorthwhile * sum) return;
  schedule_.lanes = lanes.count;
  for (std::size_t s = 0; s < schedule_.steps.size(); ++s) {
    schedule_.steps[s].lane = lanes.lane[s];
    schedule_.steps[s].after = std::move(lanes.after[s]);
  }
}

void ScheduleBuilder::plan_arena() {
  const MemoryPlan plan = plan_arena(false);
  schedule_.arena_bytes = plan.arena_bytes;
  schedule_.arena_lower_bound = plan.lower_bound;
  if (backend_.has_own_memory()) schedule_.host_arena_bytes = plan_arena(true).arena_bytes;
}

MemoryPlan ScheduleBuilder::plan_arena(bool on_host) {
  std::vector<Lifetime> lifetimes;
  std::vector<std::size_t> owners;
  for (std::size_t b = 0; b < schedule_.buffers.size(); ++b) {
    const ScheduleBuffer& buffer = schedule_.buffers[b];
    if (buffer.kind != Kind::kArena || buffer.on_host != on_host) continue;
    // Kernels may read up to one vector past the end of a row.
    lifetimes.push_back({buffer.bytes + 64, buffer.first, buffer.last});
    owners.push_back(b);
  }
  MemoryPlan plan = schedule_.lanes > 1 && !on_host ? plan_memory(lifetimes, buffers_apart(schedule_, owners))
                                                    : plan_memory(lifetimes);
  for (std::size_t i = 0; i < owners.size(); ++i) schedule_.buffers[owners[i]].arena_offset = plan.offsets[i];
  return plan;
}

}  // namespace bolide
