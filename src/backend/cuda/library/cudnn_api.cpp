#include "backend/cuda/library/cudnn_api.h"

#include "backend/cuda/driver/nvrtc_api.h"
#include "backend/cuda/driver/opened.h"
#include "backend/cuda/library/library_version.h"

#include <array>

namespace bolide::cuda {
namespace {

constexpr int kMajor = 9;

/// Those of another major version are looked for only to be named.
Result<Library> open_library(std::vector<Attempt>& attempts) {
  static constexpr std::array<std::string_view, 1> kWanted = {"libcudnn.so.9"};
  static constexpr std::array<std::string_view, 3> kOthers = {"libcudnn.so", "libcudnn.so.10", "libcudnn.so.8"};
  auto wanted = Library::open("cuDNN (libcudnn.so.9)", kWanted, attempts);
  if (wanted) return wanted;
  auto other = Library::open("cuDNN", kOthers, attempts);
  return other ? std::move(other) : std::move(wanted);
}

Result<CudnnApi> open_for_driver(std::vector<Attempt>& attempts) {
  (void)nvrtc_api();  // its engines compile with the one that the process has open already
  return open_cudnn(driver_version(), attempts);
}

}  // namespace

std::string CudnnApi::version_text() const { return cuda::version_text(version); }

Status CudnnApi::check(CudnnStatus status, std::string_view call) const {
  if (status == 0) return {};
  char details[1024] = {};
  last_error(details, sizeof(details) - 1);
  const char* name = error_string(status);
  const bool no_memory = status == 4003 || status == 4004;
  const Code code = no_memory ? Code::kOutOfMemory : status / 1000 == 3 ? Code::kUnsupported : Code::kDevice;
  return make_error(code, call, ": ", name != nullptr ? name : "unknown error", " (", status, ")",
                    details[0] != '\0' ? ": " : "", static_cast<const char*>(details));
}

Result<CudnnApi> open_cudnn(int driver_version, std::vector<Attempt>& attempts) {
  TRY(const Library library, open_library(attempts));
  CudnnApi api{};
  api.path = library.path();
  Calls calls(library);
  calls.find(api.get_version, "cudnnGetVersion");
  if (api.get_version != nullptr) {
    const std::size_t version = api.get_version();
    // Up to 8 a major version was counted in thousands.
    const std::size_t major = version >= 10000 ? version / 10000 : version / 1000;
    if (major != kMajor) {
      return make_error(Code::kDevice, "cuDNN ", api.path, " has major version ", major, "; ", kMajor, " is needed");
    }
    api.version = static_cast<int>(version);
  }
  calls.find(api.get_cudart_version, "cudnnGetCudartVersion");
  calls.find(api.error_string, "cudnnGetErrorString");
  calls.find(api.last_error, "cudnnGetLastErrorString");
  calls.find(api.create, "cudnnCreate");
  calls.find(api.destroy, "cudnnDestroy");
  calls.find(api.set_stream, "cudnnSetStream");
  calls.find(api.create_descriptor, "cudnnBackendCreateDescriptor");
  calls.find(api.destroy_descriptor, "cudnnBackendDestroyDescriptor");
  calls.find(api.set, "cudnnBackendSetAttribute");
  calls.find(api.get, "cudnnBackendGetAttribute");
  calls.find(api.finalize, "cudnnBackendFinalize");
  calls.find(api.execute, "cudnnBackendExecute");
  if (!calls.missing().empty()) return make_error(Code::kDevice, "cuDNN ", api.path, " lacks ", calls.missing());
  api.cudart_version = static_cast<int>(api.get_cudart_version());
  TRY_OK(check_cuda_version(strings::join("cuDNN ", api.path), api.cudart_version, driver_version));
  return api;
}

Result<const CudnnApi*> cudnn_api() { return opened<open_for_driver>().api(); }

std::vector<Attempt> cudnn_attempts() { return opened<open_for_driver>().attempts; }

}  // namespace bolide::cuda
