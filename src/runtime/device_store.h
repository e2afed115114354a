/// Constants in a device's memory: uploaded once, shared by all contexts and shapes of an engine.
#pragma once

#include "plan/schedule.h"

#include <map>
#include <mutex>

namespace bolide {

/// Any thread.
class DeviceStore {
 public:
  /// Packs and uploads what the schedule's device steps read and is not there yet, in one block.
  /// Errors: OutOfMemory; what packing gives.
  Status add(const StepGraph& graph, const Schedule& schedule, const Target& target, Device& device);
  /// Packed constants of a step; null when there are none under that key.
  std::byte* find_packed(const std::string& key) const;
  /// A constant of the graph; null when no step reads it on the device.
  std::byte* find_constant(int index) const;
  std::int64_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<DeviceBlock>> blocks_;
  std::map<std::string, std::byte*> packed_;
  std::map<int, std::byte*> constants_;
};

}  // namespace bolide
