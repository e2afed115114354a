/// Runs a schedule: steps in order, each cut among the threads of the process-wide pool.
#pragma once

#include "base/arena.h"
#include "plan/run_kernel.h"
#include "runtime/device_store.h"
#include "runtime/pack_store.h"

namespace bolide {

/// A schedule with every address that does not change between runs filled in. Immutable; shared by contexts.
class PreparedSchedule {
 public:
  static Result<std::shared_ptr<const PreparedSchedule>> make(std::shared_ptr<const StepGraph> graph, Schedule schedule,
                                                              PackStore& packs, const Target& target);
  /// For a device with its own memory: kernels compiled and loaded, constants uploaded. Without the device (null) the
  /// schedule can be looked at, not run.
  static Result<std::shared_ptr<const PreparedSchedule>> make(std::shared_ptr<const StepGraph> graph, Schedule schedule,
                                                              PackStore& packs, DeviceStore& store,
                                                              const Backend& backend);
  const Schedule& schedule() const { return schedule_; }
  const StepGraph& graph() const { return *graph_; }
  /// Of a scheduled step; its schedule's own bodies are empty, they have moved here.
  std::span<const std::shared_ptr<const PreparedSchedule>> bodies(std::size_t step) const { return bodies_[step]; }

 private:
  friend class Executor;
  friend class DeviceExecutor;
  PreparedSchedule() = default;
  std::shared_ptr<const StepGraph> graph_;
  Schedule schedule_;
  std::vector<const std::byte*> packed_;                                      // by step
  std::vector<const std::byte*> bases_;                                       // by buffer: constants; null for the rest
  std::vector<std::vector<std::shared_ptr<const PreparedSchedule>>> bodies_;  // by step
};

/// The addresses of one run.
struct RunBuffers {
  std::byte* arena = nullptr;    ///< schedule.arena_bytes, 64-byte aligned
  std::byte* scratch = nullptr;  ///< scratch_bytes of each thread, one after the other, each rounded up to 64
  std::size_t scratch_stride = 0;
  std::span<const void* const> inputs;  ///< contiguous, in graph order
  std::span<void* const> outputs;
};

/// Running times of steps, in microseconds, added up over runs; one run at a time.
struct StepTimes {
  std::vector<double> us;  ///< by scheduled step
};

/// Sees each step of a run: when it starts, which threads did which parts, and what it gave.
class StepObserver : public PartObserver {
 public:
  virtual void step_starts(std::size_t) {}
  /// `outputs` are the addresses of the operands of problem.outputs of the scheduled step.
  virtual void step_done(std::size_t index, std::span<void* const> outputs) = 0;
  void part_done(int, double, double) override {}
};

/// The mutable state of one run at a time over one prepared schedule.
class Executor {
 public:
  explicit Executor(std::shared_ptr<const PreparedSchedule> prepared);
  const PreparedSchedule& prepared() const { return *prepared_; }
  /// Allocates nothing unless a step runs its reference. Errors: what a kernel reports, with the step's name.
  Status run(const RunBuffers& buffers, StepTimes* times = nullptr, StepObserver* observer = nullptr);

 private:
  Status run_step(std::size_t index, const RunBuffers& buffers);
  Status run_compute(std::size_t index, const RunBuffers& buffers);
  Status run_body(std::size_t index, const RunBuffers& buffers);
  std::byte* address(const Place& place) const;

  std::shared_ptr<const PreparedSchedule> prepared_;
  StepObserver* observer_ = nullptr;  // of the run
  std::vector<std::byte*> bases_;     // by buffer
  std::vector<const void*> inputs_;   // of the step that runs
  std::vector<void*> outputs_;
  std::vector<std::vector<std::unique_ptr<Executor>>> bodies_;  // by step
};

}  // namespace bolide
