#include "backend/cuda/driver/driver_api.h"

#include <array>
#include <mutex>

namespace bolide::cuda {
namespace {

struct Opened {
  DriverApi api{};
  std::vector<Attempt> attempts;
  Status status;
};

/// Fills `to` from the first of the names that is there.
template <class Function>
void find(const Library& library, Function& to, std::string& missing, const char* name, bool needed = true) {
  to = reinterpret_cast<Function>(library.find(name));
  if (to == nullptr && needed) missing += strings::join(missing.empty() ? "" : ", ", name);
}

Status open(Opened& opened) {
  static constexpr std::array<std::string_view, 2> kNames = {"libcuda.so.1", "libcuda.so"};
  TRY(const Library library, Library::open("the CUDA driver (libcuda.so.1)", kNames, opened.attempts));
  DriverApi& api = opened.api;
  api.path = library.path();
  std::string missing;
  find(library, api.init, missing, "cuInit");
  find(library, api.driver_version, missing, "cuDriverGetVersion");
  find(library, api.error_name, missing, "cuGetErrorName");
  find(library, api.error_string, missing, "cuGetErrorString");
  find(library, api.device_count, missing, "cuDeviceGetCount");
  find(library, api.device_get, missing, "cuDeviceGet");
  find(library, api.device_name, missing, "cuDeviceGetName");
  find(library, api.device_attribute, missing, "cuDeviceGetAttribute");
  find(library, api.device_memory, missing, "cuDeviceTotalMem_v2");
  find(library, api.device_uuid, missing, "cuDeviceGetUuid");
  find(library, api.primary_retain, missing, "cuDevicePrimaryCtxRetain");
  find(library, api.primary_release, missing, "cuDevicePrimaryCtxRelease_v2");
  find(library, api.primary_reset, missing, "cuDevicePrimaryCtxReset_v2");
  find(library, api.context_set, missing, "cuCtxSetCurrent");
  find(library, api.context_get, missing, "cuCtxGetCurrent");
  find(library, api.memory_info, missing, "cuMemGetInfo_v2");
  find(library, api.memory_allocate, missing, "cuMemAlloc_v2");
  find(library, api.memory_free, missing, "cuMemFree_v2");
  find(library, api.host_allocate, missing, "cuMemHostAlloc");
  find(library, api.host_free, missing, "cuMemFreeHost");
  find(library, api.copy_to_device, missing, "cuMemcpyHtoDAsync_v2");
  find(library, api.copy_to_host, missing, "cuMemcpyDtoHAsync_v2");
  find(library, api.copy_on_device, missing, "cuMemcpyDtoDAsync_v2");
  find(library, api.fill_bytes, missing, "cuMemsetD8Async");
  find(library, api.stream_create, missing, "cuStreamCreate");
  find(library, api.stream_destroy, missing, "cuStreamDestroy_v2");
  find(library, api.stream_synchronize, missing, "cuStreamSynchronize");
  find(library, api.stream_wait_event, missing, "cuStreamWaitEvent");
  find(library, api.capture_begin, missing, "cuStreamBeginCapture_v2");
  find(library, api.capture_end, missing, "cuStreamEndCapture");
  find(library, api.graph_instantiate, missing, "cuGraphInstantiateWithFlags");
  find(library, api.graph_launch, missing, "cuGraphLaunch");
  find(library, api.graph_exec_destroy, missing, "cuGraphExecDestroy");
  find(library, api.graph_destroy, missing, "cuGraphDestroy");
  find(library, api.graph_nodes, missing, "cuGraphGetNodes");
  find(library, api.event_create, missing, "cuEventCreate");
  find(library, api.event_record, missing, "cuEventRecord");
  find(library, api.event_synchronize, missing, "cuEventSynchronize");
  find(library, api.event_query, missing, "cuEventQuery");
  find(library, api.event_elapsed, missing, "cuEventElapsedTime");
  find(library, api.event_destroy, missing, "cuEventDestroy_v2");
  find(library, api.module_load, missing, "cuModuleLoadDataEx");
  find(library, api.module_unload, missing, "cuModuleUnload");
  find(library, api.module_function, missing, "cuModuleGetFunction");
  find(library, api.function_get, missing, "cuFuncGetAttribute");
  find(library, api.function_set, missing, "cuFuncSetAttribute");
  find(library, api.occupancy, missing, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
  find(library, api.launch, missing, "cuLaunchKernelEx");
  find(library, api.tensor_map_tiled, missing, "cuTensorMapEncodeTiled", false);
  find(library, api.tensor_map_im2col, missing, "cuTensorMapEncodeIm2col", false);
  constexpr int kOldest = 12000;
  if (api.driver_version != nullptr && api.driver_version(&api.version) == kSuccess && api.version < kOldest) {
    return make_error(Code::kDevice, "the CUDA driver ", api.path, " is too old, it is for CUDA ", api.version / 1000,
                      ".", api.version % 1000 / 10, "; a driver for CUDA 12 or later is needed");
  }
  if (!missing.empty()) {
    return make_error(Code::kDevice, "the CUDA driver ", api.path, " is too old, it lacks ", missing,
                      "; a driver for CUDA 12 or later is needed");
  }
  const DriverResult begun = api.init(0);
  Status status = api.check(begun, "cuInit").within(strings::join("the CUDA driver ", api.path));
  if (begun == kNoDevice) return not_found(status.error().message);
  return status;
}

const Opened& opened() {
  static const Opened* const once = [] {
    auto* made = new Opened;  // lives as long as the process: static destructors of users may still need it
    made->status = open(*made);
    return made;
  }();
  return *once;
}

}  // namespace

bool loses_context(DriverResult result) {
  switch (result) {
    case kUncorrectableMemory:
    case kUncorrectableLink:
    case kIllegalAddress:
    case kLaunchTimeout:
    case kContextDestroyed:
    case kAssert:
    case kHardwareStackError:
    case kIllegalInstruction:
    case kMisalignedAddress:
    case kInvalidAddressSpace:
    case kInvalidProgramCounter:
    case kLaunchFailed: return true;
    default: return false;
  }
}

Error DriverApi::error(DriverResult result, std::string_view call) const {
  const char* name = nullptr;
  const char* text = nullptr;
  error_name(result, &name);
  error_string(result, &text);
  return make_error(result == kDriverOutOfMemory ? Code::kOutOfMemory : Code::kDevice, call, ": ",
                    text != nullptr ? text : "unknown error", " (",
                    name != nullptr ? std::string(name) : strings::join(static_cast<int>(result)), ")");
}

Result<const DriverApi*> driver_api() {
  if (!opened().status) return opened().status.error();
  return &opened().api;
}

std::vector<Attempt> driver_attempts() { return opened().attempts; }

}  // namespace bolide::cuda
