/// A schedule with every address that does not change between runs filled in.
#pragma once

#include "runtime/device_store.h"
#include "runtime/pack_store.h"

namespace bolide {

/// Immutable; shared by contexts.
class PreparedSchedule {
 public:
  /// Constants are packed into `packs`. For a device with its own memory kernels are compiled and loaded, and constants
  /// are uploaded into `store`; without the device (a plan for its kind) the schedule can be looked at, not run.
  static Result<std::shared_ptr<const PreparedSchedule>> make(std::shared_ptr<const StepGraph> graph, Schedule schedule,
                                                              PackStore& packs, DeviceStore& store,
                                                              const Backend& backend);
  const Schedule& schedule() const { return schedule_; }
  const StepGraph& graph() const { return *graph_; }
  /// Of a scheduled step; its schedule's own bodies are empty, they have moved here.
  std::span<const std::shared_ptr<const PreparedSchedule>> bodies(std::size_t step) const { return bodies_[step]; }
  /// What the step's kernel packed; null when nothing.
  const std::byte* packed(std::size_t step) const { return packed_[step]; }
  /// Where the constant of a buffer lies, or what follows from the sizes; null for other buffers.
  const std::byte* base(std::size_t buffer) const { return bases_[buffer]; }

  /// Steps are numbered in order, those of bodies right after the step that has them.
  std::size_t number(std::size_t step) const { return numbers_[step]; }
  /// Of the first step of body `body`.
  std::size_t body_number(std::size_t step, std::size_t body) const;
  /// Of all steps, those of bodies included.
  std::size_t step_count() const { return step_count_; }

 private:
  PreparedSchedule() = default;
  /// Brings values that follow from the sizes onto the device, in one block.
  Status upload_known(Device& device);
  Status prepare_bodies(PackStore& packs, DeviceStore& store, const Backend& host);

  std::shared_ptr<const StepGraph> graph_;
  Schedule schedule_;
  std::vector<const std::byte*> packed_;                                      // by step
  std::vector<const std::byte*> bases_;                                       // by buffer
  std::unique_ptr<DeviceBlock> known_;                                        // see upload_known()
  std::vector<std::vector<std::shared_ptr<const PreparedSchedule>>> bodies_;  // by step
  std::vector<std::size_t> numbers_;                                          // by step
  std::size_t step_count_ = 0;
};

}  // namespace bolide
