#include "backend/cuda/launches.h"

namespace bolide::cuda {

Result<std::vector<RecordedLaunch>> launches_of(const std::shared_ptr<CudaDevice>& recording, const CudaTarget& target,
                                                const Tactic& tactic, const Problem& problem,
                                                const KernelBuffers& buffers) {
  TRY(const std::unique_ptr<Kernel> kernel, tactic.bind(problem, target));
  if (!kernel->on_device()) return unsupported(tactic.name(), " runs on the host");
  auto& on_device = static_cast<DeviceKernel&>(*kernel);
  TRY_OK(on_device.load(*recording));
  LaunchRecorder recorder;
  CudaStream stream(recording, recorder.handle(), false);
  TRY_OK(on_device.launch(stream, buffers));
  return recorder.launches();
}

}  // namespace bolide::cuda
