#include "runtime/executor.h"

#include "base/clock.h"
#include "base/time_limit.h"

namespace bolide {

Status Executor::run(const RunBuffers& buffers, const RunWatch& watch) {
  const Schedule& schedule = prepared().schedule();
  for (std::size_t b = 0; b < schedule.buffers.size(); ++b) {
    const ScheduleBuffer& buffer = schedule.buffers[b];
    switch (buffer.kind) {
      case ScheduleBuffer::Kind::kArena: steps_.place(b, buffers.arena + buffer.arena_offset); break;
      case ScheduleBuffer::Kind::kInput:  // only read
        steps_.place(
            b, static_cast<std::byte*>(const_cast<void*>(buffers.inputs[static_cast<std::size_t>(buffer.index)])));
        break;
      case ScheduleBuffer::Kind::kOutput:
        steps_.place(b, static_cast<std::byte*>(buffers.outputs[static_cast<std::size_t>(buffer.index)]));
        break;
      case ScheduleBuffer::Kind::kConstant:
      case ScheduleBuffer::Kind::kKnown: break;
    }
  }
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    const RunStep step{prepared(), s, watch.first};
    const double start = watch.times != nullptr ? monotonic_microseconds() : 0;
    if (watch.observer != nullptr) watch.observer->step_starts(step);
    TRY_OK(steps_.run(s, buffers.scratch, watch));
    TRY_OK(TimeLimit::check());
    if (watch.times != nullptr) watch.times->us[step.number()] += monotonic_microseconds() - start;
    if (watch.observer != nullptr) watch.observer->step_done(step, steps_.outputs_of(s));
  }
  return {};
}

}  // namespace bolide
