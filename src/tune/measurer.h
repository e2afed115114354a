/// What the tuner times tactics with.
#pragma once

#include "backend/backend.h"

#include <memory>

namespace bolide {

/// The tactics of one problem, side by side on the same data.
class Bench {
 public:
  virtual ~Bench() = default;
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  /// Makes a tactic ready to be timed; numbers follow from 0. Errors: what packing and binding give.
  virtual Status add(const Tactic& tactic) = 0;
  /// Microseconds of one run of tactic `index`. Errors: what the kernel reports.
  virtual Result<double> time(std::size_t index) = 0;

 protected:
  Bench() = default;
};

/// One thread at a time.
class Measurer {
 public:
  virtual ~Measurer() = default;
  Measurer(const Measurer&) = delete;
  Measurer& operator=(const Measurer&) = delete;
  /// Errors: OutOfMemory for the operands.
  virtual Result<std::unique_ptr<Bench>> begin(const Problem& problem) = 0;
  /// A tactic that is to be timed on a problem soon.
  using Upcoming = std::pair<const Problem*, const Tactic*>;
  /// Does what takes long and can be done for several at once, such as compiling.
  virtual void prepare(std::span<const Upcoming>) {}
  /// Other programs may lengthen a time: the shortest counts, and what may win is timed twice, some time apart.
  virtual bool disturbed() const { return false; }
  /// The clock that budgets are counted on.
  virtual double now_us() = 0;

 protected:
  Measurer() = default;
};

/// Runs kernels as the executor runs them: on the pool's threads, cut the same way, on operands with ordinary values.
/// With `cold_weights` every run reads another copy of small packed constants, as a network larger than the cache does.
std::unique_ptr<Measurer> make_kernel_measurer(const Target& target, bool cold_weights);

/// For a device with its own memory: by its events, kernels repeated in a graph, with warm caches.
/// Errors: what the device reports.
Result<std::unique_ptr<Measurer>> make_device_measurer(const Target& target, std::shared_ptr<Device> device);

}  // namespace bolide
