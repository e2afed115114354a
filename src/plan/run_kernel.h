/// Running one kernel on the threads of the process-wide pool: the same for networks and for measuring.
#pragma once

#include "plan/schedule.h"

namespace bolide {

/// Hears of the parts of a kernel, from the threads that did them, several at once.
class PartObserver {
 public:
  virtual ~PartObserver() = default;
  /// `worker` 0 is the thread that runs the network; times as of monotonic_microseconds().
  virtual void part_done(int worker, double start_us, double end_us) = 0;
};

/// All phases in order, phase i cut as cuts[i]. `buffers.scratch` holds one part a thread, `scratch_stride` bytes
/// apart. Allocates nothing itself. Errors: the first that a part of the kernel reports.
Status run_kernel(const HostKernel& kernel, std::span<const Cut> cuts, const KernelBuffers& buffers,
                  std::size_t scratch_stride, int threads, PartObserver* observer = nullptr);

/// The cuts of all phases of a kernel that is expected to take `us` microseconds.
std::vector<Cut> cut_phases(const HostKernel& kernel, int threads, double us);

/// Bytes from one thread's scratch to the next.
inline std::size_t scratch_stride(std::size_t scratch_bytes) { return (scratch_bytes + 63) / 64 * 64; }

}  // namespace bolide
