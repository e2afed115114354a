#include "base/clock.h"
#include "runtime/context.h"

namespace bolide {
namespace {

bool runs_on_host(const ScheduledStep& step) {
  return step.transfer == Transfer::kNot && (step.kernel == nullptr || !step.kernel->on_device());
}

}  // namespace

Status DeviceExecutor::trace(DeviceStream& stream, const RunBuffers& host, std::vector<DeviceSpan>& spans) {
  const Schedule& schedule = prepared_->schedule();
  Recording staged;
  staged.addresses.assign(io_bytes_.size(), nullptr);
  set_bases(staged);
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
  TRY_OK(stream.wait());
  const double start_us = monotonic_microseconds();
  TRY_OK(stream.record(*start));
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    if (runs_on_host(schedule.steps[s])) {
      TRY_OK(stream.wait());
      const double from = monotonic_microseconds();
      TRY_OK(run_on_host(s, host));
      spans.push_back(
          {.step = static_cast<int>(s), .lane = -1, .start_us = from, .us = monotonic_microseconds() - from});
      continue;
    }
    TRY_OK(stream.record(*events[s].from));
    TRY_OK(launch_step(stream, s));
    TRY_OK(stream.record(*events[s].to));
  }
  TRY_OK(stream.wait());
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    if (runs_on_host(schedule.steps[s])) continue;
    TRY(const double from, device_->microseconds(*start, *events[s].from));
    TRY(const double us, device_->microseconds(*events[s].from, *events[s].to));
    spans.push_back({.step = static_cast<int>(s), .lane = 0, .start_us = start_us + from, .us = us});
  }
  return {};
}

Status ContextCore::trace(std::vector<DeviceSpan>& spans) {
  TRY_OK(run());
  if (on_device_ == nullptr) return {};
  return on_device_->trace(*stream_, host_buffers(on_device_->prepared().schedule()), spans);
}

}  // namespace bolide
