#include "runtime/executor.h"

#include "base/clock.h"
#include "base/thread_pool.h"
#include "base/time_limit.h"
#include "plan/run_kernel.h"

#include <algorithm>

namespace bolide {
namespace {

using Kind = ScheduleBuffer::Kind;

}  // namespace

Result<std::shared_ptr<const PreparedSchedule>> PreparedSchedule::make(std::shared_ptr<const StepGraph> graph,
                                                                       Schedule schedule, PackStore& packs,
                                                                       const Target& target) {
  TRY_OK(packs.pack(schedule, target, graph->file.get()));
  auto prepared = std::shared_ptr<PreparedSchedule>(new PreparedSchedule());
  prepared->bodies_.resize(schedule.steps.size());
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    ScheduledStep& step = schedule.steps[s];
    prepared->packed_.push_back(step.pack_key.empty() ? nullptr : packs.find(step.pack_key));
    for (std::size_t b = 0; b < step.bodies.size(); ++b) {
      const auto& body = graph->steps[static_cast<std::size_t>(step.step)].bodies[b];
      // A body's steps are numbered from 0 again: keep their packed constants apart.
      for (ScheduledStep& inner : step.bodies[b]->steps) {
        if (!inner.pack_key.empty()) inner.pack_key = strings::join(step.step, '/', b, '/', inner.pack_key);
      }
      TRY(auto inner, make(body, std::move(*step.bodies[b]), packs, target));
      prepared->bodies_[s].push_back(std::move(inner));
    }
  }
  for (const ScheduleBuffer& buffer : schedule.buffers) {
    prepared->bases_.push_back(
        buffer.kind == Kind::kConstant ? graph->constants[static_cast<std::size_t>(buffer.index)].data() : nullptr);
  }
  prepared->graph_ = std::move(graph);
  prepared->schedule_ = std::move(schedule);
  return std::shared_ptr<const PreparedSchedule>(std::move(prepared));
}

namespace {

/// Compiles and loads the kernels of the device's steps, several at once.
Status load_kernels(const Schedule& schedule, Device& device) {
  std::vector<const ScheduledStep*> steps;
  for (const ScheduledStep& step : schedule.steps) {
    if (step.kernel != nullptr && step.kernel->on_device()) steps.push_back(&step);
  }
  const int threads = ThreadPool::usable_threads();
  ThreadPool::shared().ensure(threads);
  std::vector<Status> results(steps.size());
  ThreadPool::shared().parallel_for(static_cast<std::int64_t>(steps.size()), threads, [&](std::int64_t i, int) {
    Kernel& kernel = *steps[static_cast<std::size_t>(i)]->kernel;
    results[static_cast<std::size_t>(i)] = static_cast<DeviceKernel&>(kernel).load(device);
  });
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!results[i]) {
      return std::move(results[i]).within(strings::join("step '", steps[i]->name, "', ", steps[i]->tactic->name()));
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const PreparedSchedule>> PreparedSchedule::make(std::shared_ptr<const StepGraph> graph,
                                                                       Schedule schedule, PackStore& packs,
                                                                       DeviceStore& store, const Backend& backend) {
  const std::shared_ptr<Device> device = backend.device();
  if (device != nullptr) {
    TRY_OK(load_kernels(schedule, *device));
    TRY_OK(store.add(*graph, schedule, backend.target(), *device));
  }
  auto prepared = std::shared_ptr<PreparedSchedule>(new PreparedSchedule());
  prepared->bodies_.resize(schedule.steps.size());
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    ScheduledStep& step = schedule.steps[s];
    prepared->packed_.push_back(step.pack_key.empty() ? nullptr : store.find_packed(step.pack_key));
    for (std::size_t b = 0; b < step.bodies.size(); ++b) {
      const auto& body = graph->steps[static_cast<std::size_t>(step.step)].bodies[b];
      for (ScheduledStep& inner : step.bodies[b]->steps) {
        if (!inner.pack_key.empty()) inner.pack_key = strings::join(step.step, '/', b, '/', inner.pack_key);
      }
      const Backend& host = backend.host() != nullptr ? *backend.host() : backend;
      TRY(auto inner, make(body, std::move(*step.bodies[b]), packs, host.target()));
      prepared->bodies_[s].push_back(std::move(inner));
    }
  }
  for (const ScheduleBuffer& buffer : schedule.buffers) {
    const std::byte* base = nullptr;
    if (buffer.kind == Kind::kConstant) {
      base = buffer.on_host ? graph->constants[static_cast<std::size_t>(buffer.index)].data()
                            : store.find_constant(buffer.index);
    }
    prepared->bases_.push_back(base);
  }
  prepared->graph_ = std::move(graph);
  prepared->schedule_ = std::move(schedule);
  return std::shared_ptr<const PreparedSchedule>(std::move(prepared));
}

Executor::Executor(std::shared_ptr<const PreparedSchedule> prepared) : prepared_(std::move(prepared)) {
  const Schedule& schedule = prepared_->schedule_;
  bases_.resize(schedule.buffers.size());
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  for (const ScheduledStep& step : schedule.steps) {
    inputs = std::max(inputs, step.inputs.size());
    outputs = std::max(outputs, step.outputs.size());
  }
  inputs_.resize(inputs);
  outputs_.resize(outputs);
  for (const auto& bodies : prepared_->bodies_) {
    std::vector<std::unique_ptr<Executor>> executors;
    for (const auto& body : bodies) executors.push_back(std::make_unique<Executor>(body));
    bodies_.push_back(std::move(executors));
  }
}

Status Executor::run(const RunBuffers& buffers, StepTimes* times, StepObserver* observer) {
  const Schedule& schedule = prepared_->schedule_;
  observer_ = observer;
  for (std::size_t b = 0; b < schedule.buffers.size(); ++b) {
    const ScheduleBuffer& buffer = schedule.buffers[b];
    switch (buffer.kind) {
      case Kind::kArena: bases_[b] = buffers.arena + buffer.arena_offset; break;
      // Kernels only read through these addresses; one table serves both directions.
      case Kind::kInput:
        bases_[b] = static_cast<std::byte*>(const_cast<void*>(buffers.inputs[static_cast<std::size_t>(buffer.index)]));
        break;
      case Kind::kOutput:
        bases_[b] = static_cast<std::byte*>(buffers.outputs[static_cast<std::size_t>(buffer.index)]);
        break;
      case Kind::kConstant: bases_[b] = const_cast<std::byte*>(prepared_->bases_[b]); break;
    }
  }
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    const double start = times != nullptr ? monotonic_microseconds() : 0;
    if (observer != nullptr) observer->step_starts(s);
    TRY_OK(run_step(s, buffers));
    TRY_OK(TimeLimit::check());
    if (times != nullptr) times->us[s] += monotonic_microseconds() - start;
    if (observer != nullptr) observer->step_done(s, std::span(outputs_).first(schedule.steps[s].outputs.size()));
  }
  return {};
}

std::byte* Executor::address(const Place& place) const {
  return place.buffer == kNone ? nullptr : bases_[static_cast<std::size_t>(place.buffer)] + place.offset;
}

Status Executor::run_step(std::size_t index, const RunBuffers& buffers) {
  const ScheduledStep& step = prepared_->schedule_.steps[index];
  for (std::size_t i = 0; i < step.inputs.size(); ++i) inputs_[i] = address(step.inputs[i]);
  for (std::size_t i = 0; i < step.outputs.size(); ++i) outputs_[i] = address(step.outputs[i]);
  return step.bodies.empty() ? run_compute(index, buffers) : run_body(index, buffers);
}

Status Executor::run_compute(std::size_t index, const RunBuffers& buffers) {
  const ScheduledStep& step = prepared_->schedule_.steps[index];
  KernelBuffers shared{.inputs = inputs_.data(),
                       .outputs = outputs_.data(),
                       .packed = prepared_->packed_[index],
                       .workspace = address(step.workspace),
                       .scratch = buffers.scratch};
  Status ran = run_kernel(host_kernel(*step.kernel), step.cuts, shared, buffers.scratch_stride,
                          prepared_->schedule_.threads, observer_);
  // The text is made for failures only: a run that succeeds allocates nothing.
  return ran ? ok() : std::move(ran).within(strings::join("step '", step.name, "'"));
}

Status Executor::run_body(std::size_t index, const RunBuffers& buffers) {
  const ScheduledStep& step = prepared_->schedule_.steps[index];
  // If: the condition is the first input, the rest are captures; body 0 is the branch taken when it is true.
  const bool taken = *static_cast<const std::uint8_t*>(inputs_[0]) != 0;
  Executor& body = *bodies_[index][taken ? 0 : 1];
  const RunBuffers inner{.arena = address(step.workspace),
                         .scratch = buffers.scratch,
                         .scratch_stride = buffers.scratch_stride,
                         .inputs = std::span<const void* const>(inputs_).subspan(1, step.inputs.size() - 1),
                         .outputs = std::span<void* const>(outputs_).first(step.outputs.size())};
  Status ran = body.run(inner);
  return ran ? ok() : std::move(ran).within(strings::join("step '", step.name, "'"));
}

}  // namespace bolide
