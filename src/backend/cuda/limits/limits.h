/// What a device does at most, measured on the spot.
#pragma once

#include "backend/cuda/driver/cuda_device.h"

namespace bolide::cuda {

/// Multiplications and additions a second (in 1e9), with sums in FP32, by the type of what is multiplied; 0 where the
/// device has none of that kind. Bytes a second (in 1e9) read from memory beyond the caches, or read and written.
struct DeviceLimits {
  double fp32_gflop_per_s = 0;
  double tf32_gflop_per_s = 0;
  double bf16_gflop_per_s = 0;
  double fp16_gflop_per_s = 0;
  double gbyte_per_s = 0;
};

/// The programs that measure on a device of that capability, with the name that each goes by: for tests.
std::vector<std::pair<std::string, Program>> limit_programs(int capability);

/// Runs each kind of work alone for some milliseconds, several times, and keeps the best. Takes about 0.2 seconds with
/// compiled kernels, and memory of at most 512 MiB or a quarter of what is free.
/// Errors: as CudaDevice::function(); OutOfMemory.
Result<DeviceLimits> measure_limits(CudaDevice& device);

}  // namespace bolide::cuda
