/// The network for one assignment of sizes, ready to run: steps bound to kernels, every operand at a place in a buffer,
/// all temporary buffers in one arena.
#pragma once

#include "plan/memory.h"
#include "plan/selector.h"

#include <functional>

namespace bolide {

/// Where an operand's first element lies.
struct Place {
  int buffer = kNone;
  std::int64_t offset = 0;  ///< bytes
};

struct ScheduleBuffer {
  enum class Kind : std::uint8_t { kArena, kInput, kOutput, kConstant, kKnown };
  Kind kind = Kind::kArena;
  int index = kNone;  ///< graph input or output number, constant number, or value of Sizes::values
  std::int64_t bytes = 0;
  bool on_host = false;           ///< beside a device with its own memory: in the host's
  std::int64_t arena_offset = 0;  ///< of kArena, in the device's arena or the host's
  int first = 0;                  ///< scheduled steps between which it is live
  int last = 0;
};

/// Whether nothing writes the buffer while running.
inline bool is_fixed(const ScheduleBuffer& buffer) {
  return buffer.kind == ScheduleBuffer::Kind::kConstant || buffer.kind == ScheduleBuffer::Kind::kKnown;
}

/// How one phase of a step is cut among threads.
struct Cut {
  Grid grid;
  std::int64_t row_chunks = 1;
  std::int64_t channel_chunks = 1;
};

struct Schedule;

/// A step that only moves bytes between a device with its own memory and the host.
enum class Transfer : std::uint8_t { kNot, kToHost, kToDevice };

struct ScheduledStep {
  int step = kNone;  ///< in the step graph; kNone for a copy between layouts
  std::string name;
  Problem problem;
  const Tactic* tactic = nullptr;  ///< null for transfers and steps with bodies
  std::unique_ptr<Kernel> kernel;
  Transfer transfer = Transfer::kNot;
  std::string pack_key;        ///< names the packed constants that the kernel reads; empty: none
  std::vector<Place> inputs;   ///< as problem.inputs
  std::vector<Place> outputs;  ///< as problem.outputs
  Place workspace;
  std::vector<Cut> cuts;  ///< by phase
  double us = 0;
  bool measured = false;
  int lane = 0;            ///< beside a device with its own memory: the stream that it runs on
  std::vector<int> after;  ///< steps of other lanes that are over before; see lanes.h
  /// Of If: the scheduled bodies. Their inputs and outputs are bound to this step's operands (all but the condition).
  std::vector<std::unique_ptr<Schedule>> bodies;
};

struct Schedule {
  Sizes sizes;
  Choice choice;
  std::vector<ScheduledStep> steps;
  std::vector<ScheduleBuffer> buffers;
  std::vector<Place> places;  ///< by value; buffer kNone where it is never stored
  std::vector<Dims> strides;  ///< by value
  std::int64_t arena_bytes = 0;
  std::int64_t host_arena_bytes = 0;  ///< of what runs on the host beside a device with its own memory
  std::int64_t arena_lower_bound = 0;
  std::size_t scratch_bytes = 0;  ///< per thread
  int copies = 0;                 ///< steps that only move data between layouts or memories
  int threads = 1;
  int lanes = 1;  ///< see ScheduledStep::lane
};

/// Lays everything out for `choice` and binds the kernels. Concatenations become writes into slices and views become
/// renamed strides wherever the layouts allow it; elsewhere a copy is inserted.
/// Errors: as select(), and what binding a kernel gives.
Result<Schedule> build_schedule(const StepGraph& graph, const Sizes& sizes, const Backend& backend, Choice choice,
                                const CostTable& costs, const TacticRules& rules);

/// select() and build_schedule() in one, for all bodies as well.
Result<Schedule> plan_schedule(const StepGraph& graph, std::span<const Dims> inputs, const Backend& backend,
                               const CostTable& costs, const SelectOptions& options = {});

/// "to host", "to device", the tactic's name, or "bodies": how a step is done.
std::string_view method_of(const ScheduledStep& step);

/// Of a plan for a device with its own memory: whether the host computes the step.
bool runs_on_host(const ScheduledStep& step);

/// Cuts a grid so that `threads` threads stay busy; one chunk when one thread would need under about 12 microseconds.
Cut cut_grid(const Grid& grid, int threads, double us);

}  // namespace bolide
