#include "plan/schedule_builder.h"

#include "base/hash.h"
#include "base/log.h"
#include "ops/all.h"
#include "plan/known_values.h"
#include "plan/run_kernel.h"

#include <algorithm>
#include <limits>

namespace bolide {

Status ScheduleBuilder::add_step(int s) {
  const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
  if (is_known(step, schedule_.sizes)) return {};
  if (!step.bodies.empty()) return add_bodies(s);
  if (step.op.info().view) return add_view(s);
  if (step.op.is<Concat>()) return add_concat(s);
  return add_compute(s);
}

Status ScheduleBuilder::add_view(int s) {
  const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
  std::vector<Operand> operands;
  for (const int input : step.inputs) operands.push_back(operand(input));
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    const int output = step.outputs[i];
    if (output == kNone) continue;
    auto view = view_of(step.op, operands, static_cast<int>(i), dims(output));
    if (view && view->offset != 0 && element_bytes(output) == 0) view.reset();
    if (!view) return add_compute(s);
    place(output) = place(step.inputs[0]);
    place(output).offset += view->offset * element_bytes(output);
    strides(output) = std::move(view->strides);
  }
  return {};
}

Status ScheduleBuilder::add_concat(int s) {
  const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
  const int into = step.outputs[0];
  if (element_bytes(into) == 0) return add_compute(s);
  const auto& concat = *step.op.as<Concat>();
  const auto rank = static_cast<std::int64_t>(dims(into).size());
  const auto axis = static_cast<std::size_t>(concat.axis < 0 ? concat.axis + rank : concat.axis);
  place_written(into);
  std::int64_t start = 0;
  for (const int input : step.inputs) {
    const std::int64_t begin = start;
    start += dims(input)[axis];
    const Alias& alias = aliases_[static_cast<std::size_t>(input)];
    if (alias.into == into && alias.start == begin) continue;
    Place to = place(into);
    to.offset += begin * strides(into)[axis] * element_bytes(into);
    TRY_OK(add_copy(step.name, input, to, strides(into)));
  }
  return {};
}

Status ScheduleBuilder::add_copy(const std::string& name, int value, Place to, Dims to_strides) {
  Operand from = operand(value);
  if (from.count() == 0) return {};
  ScheduledStep step{.name = name};
  step.problem = copy_problem(std::move(from), std::move(to_strides), schedule_.threads);
  step.inputs = {place(value)};
  step.outputs = {to};
  ++schedule_.copies;
  return finish(std::move(step), nullptr, "copy");
}

Status ScheduleBuilder::add_compute(int s) {
  const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
  ScheduledStep scheduled{.step = s, .name = step.name};
  scheduled.problem = {.op = &step.op, .threads = schedule_.threads};
  const StepChoice& choice = schedule_.choice.steps[static_cast<std::size_t>(s)];
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const int input = step.inputs[i];
    Operand read = operand(input);
    Place from = input == kNone ? Place{} : place(input);
    if (i < choice.reformats.size() && choice.reformats[i] && input != kNone && read.constant == nullptr &&
        schedule_.sizes.value(input) == nullptr) {
      Dims wanted = dense_strides(read.dims, *choice.reformats[i]);
      if (!same_strides(read.dims, wanted, read.strides)) {
        from = {add_buffer(Kind::kArena, kNone, bytes_of(input)), 0};
        TRY_OK(add_copy(strings::join(step.name, " <- ", graph_.values[static_cast<std::size_t>(input)].name), input,
                        from, wanted));
        read.strides = std::move(wanted);
      }
    }
    scheduled.problem.inputs.push_back(std::move(read));
    scheduled.inputs.push_back(from);
  }
  bool any = false;
  for (const int output : step.outputs) {
    if (output != kNone) place_written(output);
    scheduled.problem.outputs.push_back(operand(output));
    scheduled.outputs.push_back(output == kNone ? Place{} : place(output));
    any |= output != kNone && scheduled.problem.outputs.back().count() > 0;
  }
  if (!any) return {};
  scheduled.us = choice.us;
  scheduled.measured = choice.measured;
  return finish(std::move(scheduled), choice.tactic, step.name);
}

Status ScheduleBuilder::choose_tactic(ScheduledStep& step, std::string_view name, bool libraries) {
  const std::string key = step.problem.key();
  std::vector<CandidateReport> refused;
  step.tactic = nullptr;
  step.us = std::numeric_limits<double>::infinity();
  for (const Tactic* tactic : backend_.tactics(*step.problem.op)) {
    if (!libraries && tactic->is_library()) continue;
    CandidateReport candidate = weigh(*tactic, name, step.problem, key, backend_.target(), costs_, rules_);
    if (!candidate.verdict.accepted) {
      refused.push_back(std::move(candidate));
      continue;
    }
    if (candidate.us >= step.us) continue;
    step.tactic = tactic;
    step.us = candidate.us;
    step.measured = candidate.measured;
  }
  return step.tactic != nullptr ? ok() : Status(no_tactic(name, step.problem, backend_.name(), refused));
}

Status ScheduleBuilder::bind_library(ScheduledStep& step, std::string_view name) {
  auto bound = step.tactic->bind(step.problem, backend_.target());
  if (bound) {
    step.kernel = *std::move(bound);
    return {};
  }
  log(LogLevel::kWarn, "step '", step.name, "': ", step.tactic->name(), ": ", bound.error().message,
      "; another tactic runs it");
  return choose_tactic(step, name, false);
}

std::string ScheduleBuilder::known_digest(const ScheduledStep& step) const {
  std::string out;
  for (const Place& from : step.inputs) {
    if (from.buffer == kNone) continue;
    const ScheduleBuffer& buffer = schedule_.buffers[static_cast<std::size_t>(from.buffer)];
    if (buffer.kind != Kind::kKnown) continue;
    const Tensor& known = *schedule_.sizes.value(buffer.index);
    out += strings::join(' ', known.dims(), text(digest(std::span(known.data(), known.bytes()))));
  }
  return out;
}

Status ScheduleBuilder::finish(ScheduledStep step, const Tactic* wanted, std::string_view name) {
  const Target& target = backend_.target();
  step.tactic = wanted;
  if (wanted == nullptr || !wanted->accepts(step.problem, target).accepted) TRY_OK(choose_tactic(step, name, true));
  if (step.tactic->is_library()) TRY_OK(bind_library(step, name));
  wanted = step.tactic;
  const bool on_host = backend_.has_own_memory() && wanted->is_reference();
  std::vector<Delivery> deliveries;
  if (on_host) {
    TRY(deliveries, move_to_host(step));
  }
  if (step.kernel == nullptr) {
    TRY(step.kernel,
        wanted->bind(step.problem, target).within(strings::join("step '", step.name, "', ", wanted->name())));
  }
  if (wanted->packed_bytes(step.problem, target) > 0) {
    step.pack_key = strings::join(step.step, ' ', CostTable::tactic_key(*wanted), ' ',
                                  wanted->pack_key(step.problem, target), known_digest(step));
  }
  // By the estimate, measured or not: measuring cuts by it, too, so that what was measured is what runs.
  if (!step.kernel->on_device()) {
    const HostKernel& host = host_kernel(*step.kernel);
    step.cuts = cut_phases(host, schedule_.threads, wanted->estimate_us(step.problem, target));
    schedule_.scratch_bytes = std::max(schedule_.scratch_bytes, host.scratch_bytes());
  }
  if (const std::size_t bytes = step.kernel->workspace_bytes(); bytes > 0) {
    step.workspace = {add_buffer(Kind::kArena, kNone, static_cast<std::int64_t>(bytes)), 0};
    schedule_.buffers.back().on_host = on_host;
  }
  push(std::move(step));
  for (Delivery& delivery : deliveries) TRY_OK(deliver(std::move(delivery)));
  return {};
}

void ScheduleBuilder::push(ScheduledStep step) {
  for (const std::vector<Place>* places : {&step.inputs, &step.outputs}) {
    for (const Place& used : *places) {
      if (used.buffer != kNone) touch(used.buffer);
    }
  }
  if (step.workspace.buffer != kNone) touch(step.workspace.buffer);
  schedule_.steps.push_back(std::move(step));
}

Status ScheduleBuilder::add_bodies(int s) {
  const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
  ScheduledStep scheduled{.step = s, .name = step.name};
  scheduled.problem = {.op = &step.op, .threads = schedule_.threads};
  for (const int input : step.inputs) {
    Operand read = operand(input);
    Place from = input == kNone ? Place{} : place(input);
    if (input != kNone && !read.contiguous()) {
      const Dims wanted = contiguous_strides(read.dims);
      from = {add_buffer(Kind::kArena, kNone, bytes_of(input)), 0};
      TRY_OK(add_copy(step.name, input, from, wanted));
      read.strides = wanted;
    }
    scheduled.problem.inputs.push_back(std::move(read));
    scheduled.inputs.push_back(from);
  }
  for (const int output : step.outputs) {
    if (output != kNone) place_written(output);
    scheduled.problem.outputs.push_back(operand(output));
    scheduled.outputs.push_back(output == kNone ? Place{} : place(output));
  }
  const bool on_host = backend_.has_own_memory();
  const Backend& backend = on_host && backend_.host() != nullptr ? *backend_.host() : backend_;
  std::vector<Delivery> deliveries;
  if (on_host) {
    TRY(deliveries, move_to_host(scheduled));
  }
  std::int64_t workspace = 0;
  for (const auto& body : step.bodies) {
    std::vector<Dims> captures;
    for (std::size_t i = 1; i < scheduled.problem.inputs.size(); ++i)
      captures.push_back(scheduled.problem.inputs[i].dims);
    auto planned = plan_schedule(*body, captures, backend, costs_, {.rules = rules_, .observe = {}});
    if (!planned) return std::move(planned).within(strings::join("body of '", step.name, "'")).error();
    workspace = std::max(workspace, planned->arena_bytes);
    schedule_.scratch_bytes = std::max(schedule_.scratch_bytes, planned->scratch_bytes);
    schedule_.copies += planned->copies;
    scheduled.us = 0;
    for (const ScheduledStep& inner : planned->steps) scheduled.us += inner.us;
    scheduled.bodies.push_back(std::make_unique<Schedule>(*std::move(planned)));
  }
  if (workspace > 0) {
    scheduled.workspace = {add_buffer(Kind::kArena, kNone, workspace), 0};
    schedule_.buffers.back().on_host = on_host;
  }
  push(std::move(scheduled));
  for (Delivery& delivery : deliveries) TRY_OK(deliver(std::move(delivery)));
  return {};
}

}  // namespace bolide
