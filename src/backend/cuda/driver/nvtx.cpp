#include "backend/cuda/driver/nvtx.h"

#include "backend/cuda/driver/opened.h"

#include <array>

namespace bolide::cuda {
namespace {

struct NvtxApi {
  int (*push)(const char* name) = nullptr;
  int (*pop)() = nullptr;
  std::string path;
};

Result<NvtxApi> open(std::vector<Attempt>& attempts) {
  static constexpr std::array<std::string_view, 2> kNames = {"libnvtx3interop.so.1", "libnvToolsExt.so.1"};
  TRY(const Library library, Library::open("NVTX (libnvtx3interop.so.1)", kNames, attempts));
  NvtxApi api{.path = library.path()};
  Calls calls(library);
  calls.find(api.push, "nvtxRangePushA");
  calls.find(api.pop, "nvtxRangePop");
  if (!calls.missing().empty()) {
    return make_error(Code::kDevice, "NVTX ", library.path(), " lacks nvtxRangePushA or nvtxRangePop");
  }
  return api;
}

}  // namespace

void nvtx_push(const std::string& name) {
  if (const auto& api = opened<open>().result) api->push(name.c_str());
}

void nvtx_pop() {
  if (const auto& api = opened<open>().result) api->pop();
}

Result<std::string> nvtx_library() {
  const auto& api = opened<open>().result;
  if (!api) return api.error();
  return api->path;
}

}  // namespace bolide::cuda
