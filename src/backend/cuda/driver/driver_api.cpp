#include "backend/cuda/driver/driver_api.h"

#include "backend/cuda/driver/opened.h"

#include <array>

namespace bolide::cuda {
namespace {

Result<DriverApi> open(std::vector<Attempt>& attempts) {
  static constexpr std::array<std::string_view, 2> kNames = {"libcuda.so.1", "libcuda.so"};
  TRY(const Library library, Library::open("the CUDA driver (libcuda.so.1)", kNames, attempts));
  DriverApi api{};
  api.path = library.path();
  Calls calls(library);
  calls.find(api.init, "cuInit");
  calls.find(api.driver_version, "cuDriverGetVersion");
  calls.find(api.error_name, "cuGetErrorName");
  calls.find(api.error_string, "cuGetErrorString");
  calls.find(api.device_count, "cuDeviceGetCount");
  calls.find(api.device_get, "cuDeviceGet");
  calls.find(api.device_name, "cuDeviceGetName");
  calls.find(api.device_attribute, "cuDeviceGetAttribute");
  calls.find(api.device_memory, "cuDeviceTotalMem_v2");
  calls.find(api.device_uuid, "cuDeviceGetUuid");
  calls.find(api.primary_retain, "cuDevicePrimaryCtxRetain");
  calls.find(api.primary_release, "cuDevicePrimaryCtxRelease_v2");
  calls.find(api.primary_reset, "cuDevicePrimaryCtxReset_v2");
  calls.find(api.context_set, "cuCtxSetCurrent");
  calls.find(api.context_get, "cuCtxGetCurrent");
  calls.find(api.memory_info, "cuMemGetInfo_v2");
  calls.find(api.memory_allocate, "cuMemAlloc_v2");
  calls.find(api.memory_free, "cuMemFree_v2");
  calls.find(api.host_allocate, "cuMemHostAlloc");
  calls.find(api.host_free, "cuMemFreeHost");
  calls.find(api.copy_to_device, "cuMemcpyHtoDAsync_v2");
  calls.find(api.copy_to_host, "cuMemcpyDtoHAsync_v2");
  calls.find(api.copy_on_device, "cuMemcpyDtoDAsync_v2");
  calls.find(api.fill_bytes, "cuMemsetD8Async");
  calls.find(api.stream_create, "cuStreamCreate");
  calls.find(api.stream_destroy, "cuStreamDestroy_v2");
  calls.find(api.stream_synchronize, "cuStreamSynchronize");
  calls.find(api.stream_wait_event, "cuStreamWaitEvent");
  calls.find(api.capture_begin, "cuStreamBeginCapture_v2");
  calls.find(api.capture_end, "cuStreamEndCapture");
  calls.find(api.graph_instantiate, "cuGraphInstantiateWithFlags");
  calls.find(api.graph_launch, "cuGraphLaunch");
  calls.find(api.graph_exec_destroy, "cuGraphExecDestroy");
  calls.find(api.graph_destroy, "cuGraphDestroy");
  calls.find(api.graph_nodes, "cuGraphGetNodes");
  calls.find(api.event_create, "cuEventCreate");
  calls.find(api.event_record, "cuEventRecord");
  calls.find(api.event_synchronize, "cuEventSynchronize");
  calls.find(api.event_query, "cuEventQuery");
  calls.find(api.event_elapsed, "cuEventElapsedTime");
  calls.find(api.event_destroy, "cuEventDestroy_v2");
  calls.find(api.module_load, "cuModuleLoadDataEx");
  calls.find(api.module_unload, "cuModuleUnload");
  calls.find(api.module_function, "cuModuleGetFunction");
  calls.find(api.function_get, "cuFuncGetAttribute");
  calls.find(api.function_set, "cuFuncSetAttribute");
  calls.find(api.occupancy, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
  calls.find(api.launch, "cuLaunchKernelEx");
  calls.find_optional(api.tensor_map_tiled, "cuTensorMapEncodeTiled");
  calls.find_optional(api.tensor_map_im2col, "cuTensorMapEncodeIm2col");
  constexpr int kOldest = 12000;
  if (api.driver_version != nullptr && api.driver_version(&api.version) == kSuccess && api.version < kOldest) {
    return make_error(Code::kDevice, "the CUDA driver ", api.path, " is too old, it is for CUDA ", api.version / 1000,
                      ".", api.version % 1000 / 10, "; a driver for CUDA 12 or later is needed");
  }
  if (!calls.missing().empty()) {
    return make_error(Code::kDevice, "the CUDA driver ", api.path, " is too old, it lacks ", calls.missing(),
                      "; a driver for CUDA 12 or later is needed");
  }
  const DriverResult begun = api.init(0);
  Status status = api.check(begun, "cuInit").within(strings::join("the CUDA driver ", api.path));
  if (begun == kNoDevice) return not_found(status.error().message);
  if (!status) return std::move(status).error();
  return api;
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

Result<const DriverApi*> driver_api() { return opened<open>().api(); }

std::vector<Attempt> driver_attempts() { return opened<open>().attempts; }

}  // namespace bolide::cuda
