/// Constants rearranged as the chosen kernels read them: made once, shared by all contexts and shapes of an engine.
#pragma once

#include "base/arena.h"
#include "base/file.h"
#include "plan/schedule.h"

#include <map>
#include <mutex>

namespace bolide {

/// Any thread.
class PackStore {
 public:
  /// Packs what the schedule's steps need and is not there yet, in parallel over steps. Pages of `file` (may be null)
  /// that hold packed constants are given back to the system.
  Status pack(const Schedule& schedule, const Target& target, const MappedFile* file);
  /// The packed bytes; null when there are none under that key.
  const std::byte* find(const std::string& key) const;
  std::int64_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, AlignedBuffer> packed_;
};

}  // namespace bolide
