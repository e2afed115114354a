/// Single steps of a prepared schedule: where their operands lie in the present run, and running them on the host.
#pragma once

#include "plan/run_kernel.h"
#include "runtime/prepared_schedule.h"

namespace bolide {

/// A step of a run.
struct RunStep {
  const PreparedSchedule& prepared;
  std::size_t index = 0;  ///< in its schedule
  std::size_t first = 0;  ///< number of its schedule's first step in the whole
  /// PreparedSchedule::number() in the whole.
  std::size_t number() const { return first + prepared.number(index); }
  bool in_body() const { return first > 0; }
  const ScheduledStep& scheduled() const { return prepared.schedule().steps[index]; }
};

/// Running times of steps, in microseconds, added up over runs; one run at a time.
struct StepTimes {
  std::vector<double> us;  ///< by PreparedSchedule::number(); without the time of a step's bodies
};

/// Sees each step of a run, those of bodies between start and end of the step that has them.
class StepObserver : public PartObserver {
 public:
  virtual void step_starts(const RunStep&) {}
  /// `outputs` are the addresses of the operands of problem.outputs of the scheduled step.
  virtual void step_done(const RunStep& step, std::span<void* const> outputs) = 0;
  void part_done(int, double, double) override {}
};

/// Who watches a run.
struct RunWatch {
  StepTimes* times = nullptr;
  StepObserver* observer = nullptr;
  std::size_t first = 0;  ///< number of the schedule's first step in the whole
};

/// Memory for the steps that run on the host.
struct HostScratch {
  std::byte* data = nullptr;  ///< `stride` bytes for each thread
  std::size_t stride = 0;     ///< scratch_stride() of the schedule's scratch_bytes
};

class Executor;

/// One run at a time.
class StepRunner {
 public:
  explicit StepRunner(std::shared_ptr<const PreparedSchedule> prepared);
  ~StepRunner();
  const PreparedSchedule& prepared() const { return *prepared_; }
  /// Tells where a buffer that is not a constant begins.
  void place(std::size_t buffer, std::byte* base) { bases_[buffer] = base; }
  /// The operands of a step, valid until the next call; without scratch.
  KernelBuffers buffers_of(std::size_t index);
  /// The addresses of its outputs that buffers_of() found last.
  std::span<void* const> outputs_of(std::size_t index) const;
  /// Runs a step on the host: its kernel, or the body of If that is taken. Allocates nothing unless it runs a
  /// reference. Errors: what a kernel reports, with the step's name.
  Status run(std::size_t index, const HostScratch& scratch, const RunWatch& watch);

 private:
  Status run_body(std::size_t index, const KernelBuffers& buffers, const HostScratch& scratch, const RunWatch& watch);

  std::shared_ptr<const PreparedSchedule> prepared_;
  std::vector<std::byte*> bases_;    // by buffer
  std::vector<const void*> inputs_;  // of the present step
  std::vector<void*> outputs_;
  std::vector<std::vector<std::unique_ptr<Executor>>> bodies_;  // by step
};

}  // namespace bolide
