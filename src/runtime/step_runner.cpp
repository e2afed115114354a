#include "runtime/step_runner.h"

#include "base/clock.h"
#include "runtime/executor.h"

#include <algorithm>

namespace bolide {

StepRunner::StepRunner(std::shared_ptr<const PreparedSchedule> prepared) : prepared_(std::move(prepared)) {
  const Schedule& schedule = prepared_->schedule();
  // Kernels only read constants through these addresses; one table serves both directions.
  for (std::size_t b = 0; b < schedule.buffers.size(); ++b) {
    bases_.push_back(const_cast<std::byte*>(prepared_->base(b)));
  }
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    inputs = std::max(inputs, schedule.steps[s].inputs.size());
    outputs = std::max(outputs, schedule.steps[s].outputs.size());
    std::vector<std::unique_ptr<Executor>>& executors = bodies_.emplace_back();
    for (const auto& body : prepared_->bodies(s)) executors.push_back(std::make_unique<Executor>(body));
  }
  inputs_.resize(inputs);
  outputs_.resize(outputs);
}

StepRunner::~StepRunner() = default;

KernelBuffers StepRunner::buffers_of(std::size_t index) {
  const ScheduledStep& step = prepared_->schedule().steps[index];
  const auto address = [&](const Place& place) {
    return place.buffer == kNone ? nullptr : bases_[static_cast<std::size_t>(place.buffer)] + place.offset;
  };
  for (std::size_t i = 0; i < step.inputs.size(); ++i) inputs_[i] = address(step.inputs[i]);
  for (std::size_t i = 0; i < step.outputs.size(); ++i) outputs_[i] = address(step.outputs[i]);
  return {.inputs = inputs_.data(),
          .outputs = outputs_.data(),
          .packed = prepared_->packed(index),
          .workspace = address(step.workspace)};
}

std::span<void* const> StepRunner::outputs_of(std::size_t index) const {
  return std::span(outputs_).first(prepared_->schedule().steps[index].outputs.size());
}

Status StepRunner::run(std::size_t index, const HostScratch& scratch, const RunWatch& watch) {
  const ScheduledStep& step = prepared_->schedule().steps[index];
  KernelBuffers buffers = buffers_of(index);
  buffers.scratch = scratch.data;
  Status ran = step.bodies.empty() ? run_kernel(host_kernel(*step.kernel), step.cuts, buffers, scratch.stride,
                                                prepared_->schedule().threads, watch.observer)
                                   : run_body(index, buffers, scratch, watch);
  // The text is made for failures only: a run that succeeds allocates nothing.
  return ran ? ok() : std::move(ran).within(strings::join("step '", step.name, "'"));
}

Status StepRunner::run_body(std::size_t index, const KernelBuffers& buffers, const HostScratch& scratch,
                            const RunWatch& watch) {
  const ScheduledStep& step = prepared_->schedule().steps[index];
  // If: the condition is the first input, the rest are captures; body 0 is the branch taken when it is true.
  const std::size_t taken = *static_cast<const std::uint8_t*>(buffers.inputs[0]) != 0 ? 0 : 1;
  const double start = watch.times != nullptr ? monotonic_microseconds() : 0;
  TRY_OK(bodies_[index][taken]->run(
      {.arena = buffers.workspace,
       .scratch = scratch,
       .inputs = std::span<const void* const>(inputs_).subspan(1, step.inputs.size() - 1),
       .outputs = std::span<void* const>(outputs_).first(step.outputs.size())},
      {.times = watch.times, .observer = watch.observer, .first = watch.first + prepared_->body_number(index, taken)}));
  if (watch.times != nullptr) {
    watch.times->us[watch.first + prepared_->number(index)] -= monotonic_microseconds() - start;
  }
  return {};
}

}  // namespace bolide
