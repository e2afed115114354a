#include "backend/cuda/driver/nvrtc_api.h"

#include <array>

namespace bolide::cuda {
namespace {

struct Opened {
  NvrtcApi api{};
  std::vector<Attempt> attempts;
  Status status;
};

Status open(Opened& opened) {
  static constexpr std::array<std::string_view, 4> kNames = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2",
                                                             "libnvrtc.so"};
  TRY(const Library library, Library::open("NVRTC (libnvrtc.so)", kNames, opened.attempts));
  NvrtcApi& api = opened.api;
  api.path = library.path();
  std::string missing;
  const auto find = [&](auto& to, const char* name) {
    to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(library.find(name));
    if (to == nullptr) missing += strings::join(missing.empty() ? "" : ", ", name);
  };
  find(api.error_string, "nvrtcGetErrorString");
  find(api.version, "nvrtcVersion");
  find(api.arch_count, "nvrtcGetNumSupportedArchs");
  find(api.archs, "nvrtcGetSupportedArchs");
  find(api.create, "nvrtcCreateProgram");
  find(api.destroy, "nvrtcDestroyProgram");
  find(api.compile, "nvrtcCompileProgram");
  find(api.cubin_size, "nvrtcGetCUBINSize");
  find(api.cubin, "nvrtcGetCUBIN");
  find(api.ptx_size, "nvrtcGetPTXSize");
  find(api.ptx, "nvrtcGetPTX");
  find(api.log_size, "nvrtcGetProgramLogSize");
  find(api.log, "nvrtcGetProgramLog");
  if (!missing.empty()) {
    return make_error(Code::kDevice, "NVRTC ", api.path, " is too old, it lacks ", missing,
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
  return {};
}

const Opened& opened() {
  static const Opened* const once = [] {
    auto* made = new Opened;
    made->status = open(*made);
    return made;
  }();
  return *once;
}

}  // namespace

Result<const NvrtcApi*> nvrtc_api() {
  if (!opened().status) return opened().status.error();
  return &opened().api;
}

std::vector<Attempt> nvrtc_attempts() { return opened().attempts; }

}  // namespace bolide::cuda
