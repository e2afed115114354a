#include "backend/cuda/driver/nvtx.h"

#include <array>

namespace bolide::cuda {
namespace {

struct NvtxApi {
  int (*push)(const char* name) = nullptr;
  int (*pop)() = nullptr;
  std::string path;
};

Result<NvtxApi> open() {
  static constexpr std::array<std::string_view, 2> kNames = {"libnvtx3interop.so.1", "libnvToolsExt.so.1"};
  std::vector<Attempt> attempts;
  TRY(const Library library, Library::open("NVTX (libnvtx3interop.so.1)", kNames, attempts));
  NvtxApi api{.path = library.path()};
  api.push = reinterpret_cast<decltype(api.push)>(library.find("nvtxRangePushA"));
  api.pop = reinterpret_cast<decltype(api.pop)>(library.find("nvtxRangePop"));
  if (api.push == nullptr || api.pop == nullptr) {
    return make_error(Code::kDevice, "NVTX ", library.path(), " lacks nvtxRangePushA or nvtxRangePop");
  }
  return api;
}

const Result<NvtxApi>& opened() {
  static const auto* const once = new Result<NvtxApi>(open());
  return *once;
}

}  // namespace

void nvtx_push(const std::string& name) {
  if (const auto& api = opened()) api->push(name.c_str());
}

void nvtx_pop() {
  if (const auto& api = opened()) api->pop();
}

Result<std::string> nvtx_library() {
  const auto& api = opened();
  if (!api) return api.error();
  return api->path;
}

}  // namespace bolide::cuda
