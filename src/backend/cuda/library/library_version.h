/// Versions of NVIDIA's libraries, and whether one goes with the driver.
#pragma once

#include "base/error.h"

namespace bolide::cuda {

/// 91900 as "9.19.0".
std::string version_text(int version);

/// The CUDA that the driver of this process is for: 13000 is 13.0; 0 without a driver.
int driver_version();

/// `library` is its name and path, both versions as of driver_version(), 0: not known. Errors: Device for a library
/// that was made with a later major version of CUDA than the driver's.
Status check_cuda_version(std::string_view library, int made_with, int driver);

}  // namespace bolide::cuda
