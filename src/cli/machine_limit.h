/// What this machine can do at most, measured on the spot.
#pragma once

#include <cstdint>

namespace bolide::cli {

struct MachineLimit {
  double gflop_per_s = 0;  ///< f32 multiply-adds in registers, all threads
  double gbyte_per_s = 0;  ///< reading memory larger than the caches of one core, all threads
  /// Share of the limit that binds (compute or memory) that a step of so many operations and bytes reached.
  double share(double operations, std::int64_t bytes, double microseconds) const;
};

/// Takes about 0.2 seconds.
MachineLimit measure_machine_limit(int threads);

}  // namespace bolide::cli
