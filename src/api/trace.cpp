#include <bolide/engine.h>

#include "api/engine_state.h"
#include "base/clock.h"

namespace bolide {
namespace {

/// Steps on the thread that runs the network, on a track of that name, and the parts that all threads did.
class HostTrace final : public StepObserver {
 public:
  HostTrace(std::string track, std::size_t steps, int threads)
      : track_(std::move(track)), names_(steps), parts_(static_cast<std::size_t>(threads)) {}

  void step_starts(const RunStep& step) override {
    open_.push_back({step.number(), monotonic_microseconds()});
    names_[step.number()] = step.scheduled().name;
  }
  void part_done(int worker, double start_us, double end_us) override {
    parts_[static_cast<std::size_t>(worker)].push_back({open_.back().step, start_us, end_us});
  }
  void step_done(const RunStep& step, std::span<void* const>) override {
    add(track_, step.number(), open_.back().start_us, monotonic_microseconds());
    open_.pop_back();
  }

  std::vector<TraceSpan> take() {
    for (std::size_t worker = 0; worker < parts_.size(); ++worker) {
      for (const Part& part : parts_[worker]) {
        add(strings::join("thread ", worker), part.step, part.start_us, part.end_us);
      }
    }
    return std::move(spans_);
  }

 private:
  struct Open {
    std::size_t step;
    double start_us;
  };
  struct Part {
    std::size_t step;
    double start_us;
    double end_us;
  };
  void add(std::string track, std::size_t step, double start_us, double end_us) {
    spans_.push_back({.name = names_[step],
                      .track = std::move(track),
                      .start_us = start_us,
                      .us = end_us - start_us,
                      .step = static_cast<int>(step)});
  }

  const std::string track_;
  std::vector<Open> open_;                // the running step, inside those whose body it is in; written between parts
  std::vector<std::string> names_;        // by number
  std::vector<std::vector<Part>> parts_;  // by worker
  std::vector<TraceSpan> spans_;
};

}  // namespace

Result<std::vector<TraceSpan>> ExecutionContext::trace() {
  ContextCore& core = state_->core;
  TRY_OK(core.prepare());
  const PreparedSchedule* const prepared = core.prepared();
  if (prepared == nullptr) return unsupported("only the data decide sizes of this network: it has no plan to trace");
  const bool host_runs = !core.engine().backend().has_own_memory();
  HostTrace host(host_runs ? "steps" : "host", prepared->step_count(), prepared->schedule().threads);
  core.observe(&host);
  std::vector<DeviceSpan> device;
  const Status ran = core.trace(device);
  core.observe(nullptr);
  if (!ran) return ran.error();
  std::vector<TraceSpan> spans = host.take();
  for (const DeviceSpan& span : device) {
    spans.push_back({.name = prepared->schedule().steps[span.step].name,
                     .track = strings::join("stream ", span.lane),
                     .start_us = span.start_us,
                     .us = span.us,
                     .step = static_cast<int>(prepared->number(span.step))});
  }
  return spans;
}

}  // namespace bolide
