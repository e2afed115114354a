/// What CUDA kernels are chosen for.
#pragma once

#include "backend/cuda/driver/cuda_device.h"
#include "backend/tactic.h"

namespace bolide {

/// A device, or the typical one of its kind where a plan is made without it.
struct CudaTarget : Target {
  cuda::DeviceFacts facts;
  bool tf32 = false;                         ///< f32 contractions may round their operands to TF32
  std::shared_ptr<cuda::CudaDevice> device;  ///< null: planning only
};
inline const CudaTarget& cuda_target(const Target& target) { return static_cast<const CudaTarget&>(target); }

/// For a device that is there. `tf32` as above.
CudaTarget make_cuda_target(std::shared_ptr<cuda::CudaDevice> device, bool tf32);
/// For a kind of device. Errors: as cuda::typical_facts().
Result<CudaTarget> make_cuda_target(int capability, bool tf32);

/// Time of a kernel that moves `bytes` through memory and needs `operations` at `operations_per_us`, launch included.
double estimate_cuda_us(const CudaTarget& target, double bytes, double operations = 0, double operations_per_us = 1);

}  // namespace bolide
