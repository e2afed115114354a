/// The kernels behind a step, seen without a device.
#pragma once

#include "backend/cuda/cuda_target.h"

namespace bolide::cuda {

/// What the tactic's kernel launches for the problem, in order. `recording` is of CudaDevice::for_recording();
/// `buffers` has addresses aligned as those of a run (nothing follows them).
/// Errors: as bind(), load() and launch() of the tactic; Unsupported for kernels that run on the host.
Result<std::vector<RecordedLaunch>> launches_of(const std::shared_ptr<CudaDevice>& recording, const CudaTarget& target,
                                                const Tactic& tactic, const Problem& problem,
                                                const KernelBuffers& buffers);

}  // namespace bolide::cuda
