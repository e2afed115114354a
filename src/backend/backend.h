/// One kind of device: what it is and what it can run.
#pragma once

#include "backend/tactic.h"

#include <algorithm>
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
  /// True when operands live in the device's memory: what runs on the host then needs copies.
  virtual bool has_own_memory() const { return false; }
  /// What runs on the host for a device with its own memory: the bodies of If. Null: this backend itself.
  virtual const Backend* host() const { return nullptr; }
  /// Time to move so many bytes from one layout into another, by the cost model.
  virtual double copy_us(std::int64_t bytes) const {
    // Read and write at about 8 bytes/ns a core, shared by at most four cores, plus a fixed start.
    return 1.0 + 2.0 * static_cast<double>(bytes) / (8000.0 * std::min(target().threads, 4));
  }
  /// Time to move so many bytes between the device's memory and the host's.
  virtual double transfer_us(std::int64_t bytes) const { return 15.0 + static_cast<double>(bytes) / 20000.0; }

 protected:
  Backend() = default;
};

}  // namespace bolide
