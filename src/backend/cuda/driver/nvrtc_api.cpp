#include "backend/cuda/driver/nvrtc_api.h"

#include "backend/cuda/driver/opened.h"

#include <array>

namespace bolide::cuda {
namespace {

Result<NvrtcApi> open(std::vector<Attempt>& attempts) {
  static constexpr std::array<std::string_view, 4> kNames = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2",
                                                             "libnvrtc.so"};
  TRY(const Library library, Library::open("NVRTC (libnvrtc.so)", kNames, attempts));
  NvrtcApi api{};
  api.path = library.path();
  Calls calls(library);
  calls.find(api.error_string, "nvrtcGetErrorString");
  calls.find(api.version, "nvrtcVersion");
  calls.find(api.arch_count, "nvrtcGetNumSupportedArchs");
  calls.find(api.archs, "nvrtcGetSupportedArchs");
  calls.find(api.create, "nvrtcCreateProgram");
  calls.find(api.destroy, "nvrtcDestroyProgram");
  calls.find(api.compile, "nvrtcCompileProgram");
  calls.find(api.cubin_size, "nvrtcGetCUBINSize");
  calls.find(api.cubin, "nvrtcGetCUBIN");
  calls.find(api.ptx_size, "nvrtcGetPTXSize");
  calls.find(api.ptx, "nvrtcGetPTX");
  calls.find(api.log_size, "nvrtcGetProgramLogSize");
  calls.find(api.log, "nvrtcGetProgramLog");
  if (!calls.missing().empty()) {
    return make_error(Code::kDevice, "NVRTC ", api.path, " is too old, it lacks ", calls.missing(),
                      "; version 11.2 or later is needed");
  }
  if (api.version(&api.major, &api.minor) != 0) {
    return make_error(Code::kDevice, "NVRTC ", api.path, " does not tell its version");
  }
  int count = 0;
  if (api.arch_count(&count) == 0 && count > 0 && count < 1000) {
    api.supported.resize(static_cast<std::size_t>(count));
    if (api.archs(api.supported.data()) != 0) api.supported.clear();
  }
  return api;
}

}  // namespace

Result<const NvrtcApi*> nvrtc_api() { return opened<open>().api(); }

std::vector<Attempt> nvrtc_attempts() { return opened<open>().attempts; }

}  // namespace bolide::cuda
