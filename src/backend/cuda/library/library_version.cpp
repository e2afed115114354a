#include "backend/cuda/library/library_version.h"

#include "backend/cuda/driver/driver_api.h"

namespace bolide::cuda {

std::string version_text(int version) {
  return strings::join(version / 10000, ".", version % 10000 / 100, ".", version % 100);
}

int driver_version() {
  const auto driver = driver_api();
  return driver ? (*driver)->version : 0;
}

Status check_cuda_version(std::string_view library, int made_with, int driver) {
  if (driver <= 0 || made_with / 1000 <= driver / 1000) return {};
  return make_error(Code::kDevice, library, " is made for CUDA ", made_with / 1000, ", the driver is for CUDA ",
                    driver / 1000);
}

}  // namespace bolide::cuda
