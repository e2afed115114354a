#include "backend/cuda/library/cublaslt_api.h"

#include <array>

namespace bolide::cuda {
namespace {

constexpr int kOldestMajor = 12;

struct Opened {
  CublasLtApi api{};
  std::vector<Attempt> attempts;
  Status status;
};

const Opened& opened() {
  static const Opened* const once = [] {
    auto* made = new Opened;
    const auto driver = driver_api();
    auto api = open_cublaslt(driver ? (*driver)->version : 0, made->attempts);
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

std::string CublasLtApi::version_text() const {
  return strings::join(version / 10000, ".", version % 10000 / 100, ".", version % 100);
}

Status CublasLtApi::check(CublasStatus status, std::string_view call) const {
  if (status == 0) return {};
  const char* text = status_string(status);
  const Code code = status == 3 ? Code::kOutOfMemory : status == 7 || status == 15 ? Code::kUnsupported : Code::kDevice;
  return make_error(code, call, ": ", text != nullptr ? text : "unknown error", " (", status, ")");
}

Result<CublasLtApi> open_cublaslt(int driver_version, std::vector<Attempt>& attempts) {
  static constexpr std::array<std::string_view, 3> kNames = {"libcublasLt.so.13", "libcublasLt.so.12",
                                                             "libcublasLt.so"};
  TRY(const Library library, Library::open("cuBLASLt (libcublasLt.so)", kNames, attempts));
  CublasLtApi api{};
  api.path = library.path();
  std::string missing;
  const auto find = [&](auto& to, const char* name) {
    to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(library.find(name));
    if (to == nullptr) missing += strings::join(missing.empty() ? "" : ", ", name);
  };
  find(api.get_version, "cublasLtGetVersion");
  if (api.get_version != nullptr) {
    const std::size_t version = api.get_version();
    if (version < kOldestMajor * 10000) {
      return make_error(Code::kDevice, "cuBLASLt ", api.path, " has version ", version, "; ", kOldestMajor * 10000,
                        " (", kOldestMajor, ".0) or later is needed");
    }
    api.version = static_cast<int>(version);
  }
  find(api.get_cudart_version, "cublasLtGetCudartVersion");
  find(api.status_string, "cublasLtGetStatusString");
  find(api.create, "cublasLtCreate");
  find(api.destroy, "cublasLtDestroy");
  find(api.layout_create, "cublasLtMatrixLayoutCreate");
  find(api.layout_destroy, "cublasLtMatrixLayoutDestroy");
  find(api.layout_set, "cublasLtMatrixLayoutSetAttribute");
  find(api.product_create, "cublasLtMatmulDescCreate");
  find(api.product_destroy, "cublasLtMatmulDescDestroy");
  find(api.product_set, "cublasLtMatmulDescSetAttribute");
  find(api.preference_create, "cublasLtMatmulPreferenceCreate");
  find(api.preference_destroy, "cublasLtMatmulPreferenceDestroy");
  find(api.preference_set, "cublasLtMatmulPreferenceSetAttribute");
  find(api.choose, "cublasLtMatmulAlgoGetHeuristic");
  find(api.multiply, "cublasLtMatmul");
  if (!missing.empty()) return make_error(Code::kDevice, "cuBLASLt ", api.path, " lacks ", missing);
  api.cudart_version = static_cast<int>(api.get_cudart_version());
  if (driver_version > 0 && api.cudart_version / 1000 > driver_version / 1000) {
    return make_error(Code::kDevice, "cuBLASLt ", api.path, " is made for CUDA ", api.cudart_version / 1000,
                      ", the driver is for CUDA ", driver_version / 1000);
  }
  return api;
}

Result<const CublasLtApi*> cublaslt_api() {
  if (!opened().status) return opened().status.error();
  return &opened().api;
}

std::vector<Attempt> cublaslt_attempts() { return opened().attempts; }

}  // namespace bolide::cuda
