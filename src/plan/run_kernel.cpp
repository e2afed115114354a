#include "plan/run_kernel.h"

#include "base/clock.h"
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>

namespace bolide {
namespace {

/// Part `index` of `parts` of [0, size), borders on multiples of `grain`.
Range part_of(std::int64_t size, std::int64_t grain, std::int64_t index, std::int64_t parts) {
  const std::int64_t step = std::max<std::int64_t>(grain, 1);
  const std::int64_t units = (size + step - 1) / step;
  return {std::min(units * index / parts * step, size), std::min(units * (index + 1) / parts * step, size)};
}

}  // namespace

Status run_kernel(const HostKernel& kernel, std::span<const Cut> cuts, const KernelBuffers& buffers,
                  std::size_t scratch_stride, int threads, PartObserver* observer) {
  for (std::size_t index = 0; index < cuts.size(); ++index) {
    const Cut& cut = cuts[index];
    const std::int64_t chunks = cut.row_chunks * cut.channel_chunks;
    const auto phase = static_cast<int>(index);
    if (chunks == 1) {
      const double start = observer != nullptr ? monotonic_microseconds() : 0;
      TRY_OK(kernel.run(phase, buffers, {0, cut.grid.rows}, {0, cut.grid.channels}));
      if (observer != nullptr) observer->part_done(0, start, monotonic_microseconds());
      continue;
    }
    std::atomic<bool> failed = false;
    Status failure;
    ThreadPool::shared().parallel_for(chunks, threads, [&](std::int64_t chunk, int worker) {
      if (failed.load(std::memory_order_relaxed)) return;
      KernelBuffers own = buffers;
      own.scratch = buffers.scratch + static_cast<std::size_t>(worker) * scratch_stride;
      const double start = observer != nullptr ? monotonic_microseconds() : 0;
      Status status =
          kernel.run(phase, own, part_of(cut.grid.rows, cut.grid.row_grain, chunk % cut.row_chunks, cut.row_chunks),
                     part_of(cut.grid.channels, cut.grid.channel_grain, chunk / cut.row_chunks, cut.channel_chunks));
      if (observer != nullptr) observer->part_done(worker, start, monotonic_microseconds());
      if (!status && !failed.exchange(true)) failure = std::move(status);
    });
    if (failed) return failure;
  }
  return {};
}

std::vector<Cut> cut_phases(const HostKernel& kernel, int threads, double us) {
  std::vector<Cut> cuts;
  for (int phase = 0; phase < kernel.phases(); ++phase) cuts.push_back(cut_grid(kernel.grid(phase), threads, us));
  return cuts;
}

}  // namespace bolide
