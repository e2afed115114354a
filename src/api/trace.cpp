#include <bolide/engine.h>

#include "api/engine_state.h"
#include "base/clock.h"

namespace bolide {
namespace {

/// Steps on the thread that runs the network, and the parts that all threads did.
class HostTrace final : public StepObserver {
 public:
  HostTrace(const Schedule& schedule, int threads) : schedule_(schedule), parts_(static_cast<std::size_t>(threads)) {}

  void step_starts(std::size_t index) override {
    step_ = static_cast<int>(index);
    start_us_ = monotonic_microseconds();
  }
  void part_done(int worker, double start_us, double end_us) override {
    parts_[static_cast<std::size_t>(worker)].push_back({step_, start_us, end_us});
  }
  void step_done(std::size_t index, std::span<void* const>) override {
    spans_.push_back({.name = schedule_.steps[index].name,
                      .track = "steps",
                      .start_us = start_us_,
                      .us = monotonic_microseconds() - start_us_,
                      .step = static_cast<int>(index)});
  }

  std::vector<TraceSpan> take() {
    for (std::size_t worker = 0; worker < parts_.size(); ++worker) {
      for (const Part& part : parts_[worker]) {
        spans_.push_back({.name = schedule_.steps[static_cast<std::size_t>(part.step)].name,
                          .track = strings::join("thread ", worker),
                          .start_us = part.start_us,
                          .us = part.end_us - part.start_us,
                          .step = part.step});
      }
    }
    return std::move(spans_);
  }

 private:
  struct Part {
    int step;
    double start_us;
    double end_us;
  };
  const Schedule& schedule_;
  int step_ = 0;  // written between parts, which are ordered after it
  double start_us_ = 0;
  std::vector<std::vector<Part>> parts_;  // by worker
  std::vector<TraceSpan> spans_;
};

}  // namespace

Result<std::vector<TraceSpan>> ExecutionContext::trace() {
  ContextCore& core = state_->core;
  TRY_OK(core.prepare());
  const Schedule* schedule = core.schedule();
  if (schedule == nullptr) return unsupported("only the data decide sizes of this network: it has no plan to trace");
  HostTrace host(*schedule, schedule->threads);
  core.observe(&host);
  std::vector<DeviceSpan> device;
  const Status ran = core.trace(device);
  core.observe(nullptr);
  if (!ran) return ran.error();
  std::vector<TraceSpan> spans = host.take();
  for (const DeviceSpan& span : device) {
    spans.push_back({.name = schedule->steps[static_cast<std::size_t>(span.step)].name,
                     .track = span.lane < 0 ? std::string("host") : strings::join("stream ", span.lane),
                     .start_us = span.start_us,
                     .us = span.us,
                     .step = span.step});
  }
  return spans;
}

}  // namespace bolide
