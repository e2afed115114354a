#include "base/clock.h"
#include "runtime/context.h"

namespace bolide {
Status DeviceExecutor::trace(DeviceStream& stream, const HostScratch& scratch, std::vector<DeviceSpan>& spans,
                             StepObserver* observer) {
  const Schedule& schedule = prepared().schedule();
  place_buffers(ports_);
  while (static_cast<int>(lanes_.size()) + 1 < schedule.lanes) {
    TRY(auto made, device_->make_stream());
    lanes_.push_back(std::move(made));
  }
  const auto lane_of = [&](const ScheduledStep& step) -> DeviceStream& {
    return step.lane == 0 ? stream : *lanes_[static_cast<std::size_t>(step.lane) - 1];
  };
  const auto wait_for_all = [&]() -> Status {
    TRY_OK(stream.wait());
    for (const auto& lane : lanes_) TRY_OK(lane->wait());
    return {};
  };
  struct Events {
    std::unique_ptr<DeviceEvent> from;
    std::unique_ptr<DeviceEvent> to;
  };
  std::vector<Events> events(schedule.steps.size());
  TRY(const std::unique_ptr<DeviceEvent> start, device_->make_event());
  for (Events& each : events) {
    TRY(each.from, device_->make_event());
    TRY(each.to, device_->make_event());
  }
  TRY_OK(wait_for_all());
  const double start_us = monotonic_microseconds();
  TRY_OK(stream.record(*start));
  for (const auto& lane : lanes_) TRY_OK(lane->wait_for(*start));
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    const ScheduledStep& step = schedule.steps[s];
    if (runs_on_host(step)) {
      TRY_OK(wait_for_all());
      const RunStep running{prepared(), s};
      if (observer != nullptr) observer->step_starts(running);
      TRY_OK(steps_.run(s, scratch, {.observer = observer}));
      if (observer != nullptr) observer->step_done(running, steps_.outputs_of(s));
      continue;
    }
    DeviceStream& lane = lane_of(step);
    for (const int earlier : step.after) TRY_OK(lane.wait_for(*events[static_cast<std::size_t>(earlier)].to));
    TRY_OK(lane.record(*events[s].from));
    TRY_OK(launch_step(lane, s));
    TRY_OK(lane.record(*events[s].to));
  }
  TRY_OK(wait_for_all());
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    if (runs_on_host(schedule.steps[s])) continue;
    TRY(const double from, device_->microseconds(*start, *events[s].from));
    TRY(const double us, device_->microseconds(*events[s].from, *events[s].to));
    spans.push_back({.step = s, .lane = schedule.steps[s].lane, .start_us = start_us + from, .us = us});
  }
  (void)found_wrong();  // the run before has told it
  return {};
}

Status ContextCore::trace(std::vector<DeviceSpan>& spans) {
  const Running running(running_);
  TRY_OK(running.check());
  TRY_OK(run_now());
  if (on_device_ == nullptr) return {};
  return on_device_->trace(*stream_, scratch_of(on_device_->prepared().schedule()), spans, observer_);
}

}  // namespace bolide
