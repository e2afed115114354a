#include "backend/cuda/library/cublaslt_api.h"

#include "backend/cuda/driver/opened.h"
#include "backend/cuda/library/library_version.h"

#include <array>

namespace bolide::cuda {
namespace {

constexpr int kOldestMajor = 12;

Result<CublasLtApi> open_for_driver(std::vector<Attempt>& attempts) {
  return open_cublaslt(driver_version(), attempts);
}

}  // namespace

std::string CublasLtApi::version_text() const { return cuda::version_text(version); }

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
  Calls calls(library);
  calls.find(api.get_version, "cublasLtGetVersion");
  if (api.get_version != nullptr) {
    const std::size_t version = api.get_version();
    if (version < kOldestMajor * 10000) {
      return make_error(Code::kDevice, "cuBLASLt ", api.path, " has version ", version, "; ", kOldestMajor * 10000,
                        " (", kOldestMajor, ".0) or later is needed");
    }
    api.version = static_cast<int>(version);
  }
  calls.find(api.get_cudart_version, "cublasLtGetCudartVersion");
  calls.find(api.status_string, "cublasLtGetStatusString");
  calls.find(api.create, "cublasLtCreate");
  calls.find(api.destroy, "cublasLtDestroy");
  calls.find(api.layout_create, "cublasLtMatrixLayoutCreate");
  calls.find(api.layout_destroy, "cublasLtMatrixLayoutDestroy");
  calls.find(api.layout_set, "cublasLtMatrixLayoutSetAttribute");
  calls.find(api.product_create, "cublasLtMatmulDescCreate");
  calls.find(api.product_destroy, "cublasLtMatmulDescDestroy");
  calls.find(api.product_set, "cublasLtMatmulDescSetAttribute");
  calls.find(api.preference_create, "cublasLtMatmulPreferenceCreate");
  calls.find(api.preference_destroy, "cublasLtMatmulPreferenceDestroy");
  calls.find(api.preference_set, "cublasLtMatmulPreferenceSetAttribute");
  calls.find(api.choose, "cublasLtMatmulAlgoGetHeuristic");
  calls.find(api.multiply, "cublasLtMatmul");
  if (!calls.missing().empty()) return make_error(Code::kDevice, "cuBLASLt ", api.path, " lacks ", calls.missing());
  api.cudart_version = static_cast<int>(api.get_cudart_version());
  TRY_OK(check_cuda_version(strings::join("cuBLASLt ", api.path), api.cudart_version, driver_version));
  return api;
}

Result<const CublasLtApi*> cublaslt_api() { return opened<open_for_driver>().api(); }

std::vector<Attempt> cublaslt_attempts() { return opened<open_for_driver>().attempts; }

}  // namespace bolide::cuda
