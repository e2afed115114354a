#include "backend/cuda/library/cudnn_api.h"

#include "backend/cuda/driver/nvrtc_api.h"

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

struct Opened {
  CudnnApi api{};
  std::vector<Attempt> attempts;
  Status status;
};

const Opened& opened() {
  static const Opened* const once = [] {
    auto* made = new Opened;
    // Its engines compile with the NVRTC that the process has open already.
    (void)nvrtc_api();
    const auto driver = driver_api();
    auto api = open_cudnn(driver ? (*driver)->version : 0, made->attempts);
    if (api) {
      made->api = *std::move(api);
    } else {
      made->status = std::move(api).error();
    }
    return made;
  }();
  return *once;
}

}  // namespace

std::string CudnnApi::version_text() const {
  return strings::join(version / 10000, ".", version % 10000 / 100, ".", version % 100);
}

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
  std::string missing;
  const auto find = [&](auto& to, const char* name) {
    to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(library.find(name));
    if (to == nullptr) missing += strings::join(missing.empty() ? "" : ", ", name);
  };
  find(api.get_version, "cudnnGetVersion");
  if (api.get_version != nullptr) {
    const std::size_t version = api.get_version();
    // Up to 8 a major version was counted in thousands.
    const std::size_t major = version >= 10000 ? version / 10000 : version / 1000;
    if (major != kMajor) {
      return make_error(Code::kDevice, "cuDNN ", api.path, " has major version ", major, "; ", kMajor, " is needed");
    }
    api.version = static_cast<int>(version);
  }
  find(api.get_cudart_version, "cudnnGetCudartVersion");
  find(api.error_string, "cudnnGetErrorString");
  find(api.last_error, "cudnnGetLastErrorString");
  find(api.create, "cudnnCreate");
  find(api.destroy, "cudnnDestroy");
  find(api.set_stream, "cudnnSetStream");
  find(api.create_descriptor, "cudnnBackendCreateDescriptor");
  find(api.destroy_descriptor, "cudnnBackendDestroyDescriptor");
  find(api.set, "cudnnBackendSetAttribute");
  find(api.get, "cudnnBackendGetAttribute");
  find(api.finalize, "cudnnBackendFinalize");
  find(api.execute, "cudnnBackendExecute");
  if (!missing.empty()) return make_error(Code::kDevice, "cuDNN ", api.path, " lacks ", missing);
  api.cudart_version = static_cast<int>(api.get_cudart_version());
  if (driver_version > 0 && api.cudart_version / 1000 > driver_version / 1000) {
    return make_error(Code::kDevice, "cuDNN ", api.path, " is made for CUDA ", api.cudart_version / 1000,
                      ", the driver is for CUDA ", driver_version / 1000);
  }
  return api;
}

Result<const CudnnApi*> cudnn_api() {
  if (!opened().status) return opened().status.error();
  return &opened().api;
}

std::vector<Attempt> cudnn_attempts() { return opened().attempts; }

}  // namespace bolide::cuda
