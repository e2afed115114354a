/// What took time, as a file for Perfetto (ui.perfetto.dev) and chrome://tracing.
#pragma once

#include "cli/command.h"

namespace bolide::cli {

/// Collects the phases of a build or load and the steps of runs.
class Trace {
 public:
  /// Ends the phase before; an empty name starts none.
  void phase(std::string_view name);
  /// Runs once, and takes over what each step did, with tactic, bytes and members from the plan.
  Status run(ExecutionContext& context, const PlanInfo& plan);
  /// Chrome's JSON form: complete events in microseconds, one track a thread or stream. All or nothing.
  Status write(const std::string& path) const;

 private:
  std::vector<TraceSpan> spans_;
  std::vector<StepInfo> steps_;
  std::string phase_;
  double phase_start_us_ = 0;
};

}  // namespace bolide::cli
