/// Runs a schedule on the host: steps in order, each cut among the threads of the process-wide pool.
#pragma once

#include "runtime/step_runner.h"

namespace bolide {

/// The addresses of one run.
struct RunBuffers {
  std::byte* arena = nullptr;  ///< schedule.arena_bytes, 64-byte aligned
  HostScratch scratch;
  std::span<const void* const> inputs;  ///< contiguous, in graph order
  std::span<void* const> outputs;
};

/// The mutable state of one run at a time over one prepared schedule.
class Executor {
 public:
  explicit Executor(std::shared_ptr<const PreparedSchedule> prepared) : steps_(std::move(prepared)) {}
  const PreparedSchedule& prepared() const { return steps_.prepared(); }
  /// Allocates nothing unless a step runs its reference. `watch.times`, where given, has step_count() entries.
  /// Errors: what a kernel reports, with the step's name.
  Status run(const RunBuffers& buffers, const RunWatch& watch = {});

 private:
  StepRunner steps_;
};

}  // namespace bolide
