/// One kind of device: what it is and what it can run.
#pragma once

#include "backend/tactic.h"

#include <memory>
#include <span>
#include <vector>

namespace bolide {

/// Thread safety: const members from any thread.
class Backend {
 public:
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  /// Stable id used on the command line and in engine files: "cpu", "cuda".
  virtual std::string_view name() const = 0;
  /// Candidates for `op`, best guess first, reference last. Empty: this backend cannot run it.
  virtual std::vector<const Tactic*> tactics(const Op& op) const = 0;
  virtual const Target& target() const = 0;
  /// The tactic of that name; null when this build has none.
  virtual const Tactic* find_tactic(std::string_view name) const = 0;
  /// The device whose memory the kernels work on; null: the host's memory, and there is nothing to copy.
  virtual std::shared_ptr<Device> device() const { return nullptr; }
  /// True when tactics may run on the host while their operands live on the device.
  virtual bool has_own_memory() const { return false; }

 protected:
  Backend() = default;
};

}  // namespace bolide
