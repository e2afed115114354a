/// The calls of the CUDA driver in use, declared by ourselves after its documented binary interface, and opened at run
/// time. Source: CUDA Driver API reference, 12 and 13.
#pragma once

#include "backend/cuda/driver/library.h"

#include <cstddef>
#include <cstdint>

namespace bolide::cuda {

using DevicePointer = unsigned long long;
inline DevicePointer device_pointer(const void* address) { return reinterpret_cast<DevicePointer>(address); }
struct ContextHandle_;
struct ModuleHandle_;
struct FunctionHandle_;
struct StreamHandle_;
struct EventHandle_;
struct GraphHandle_;
struct GraphExecHandle_;
struct GraphNodeHandle_;
using ContextHandle = ContextHandle_*;
using ModuleHandle = ModuleHandle_*;
using FunctionHandle = FunctionHandle_*;
using StreamHandle = StreamHandle_*;
using EventHandle = EventHandle_*;
using GraphHandle = GraphHandle_*;
using GraphExecHandle = GraphExecHandle_*;
using GraphNodeHandle = GraphNodeHandle_*;

/// CUresult: the numbers that are told apart.
enum DriverResult : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kDriverOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kUncorrectableMemory = 214,
  kUncorrectableLink = 220,
  kDriverNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kLaunchTimeout = 702,
  kContextDestroyed = 709,
  kAssert = 710,
  kHardwareStackError = 714,
  kIllegalInstruction = 715,
  kMisalignedAddress = 716,
  kInvalidAddressSpace = 717,
  kInvalidProgramCounter = 718,
  kLaunchFailed = 719,
};

/// Whether the error stays: every later call on that context gives it, until the context is made anew.
bool loses_context(DriverResult result);

/// CUdevice_attribute.
enum DeviceAttribute : int {
  kMaxSharedPerBlock = 8,
  kWarpSize = 10,
  kClockRateKhz = 13,
  kMultiprocessors = 16,
  kComputeMode = 20,
  kPciBus = 33,
  kPciDevice = 34,
  kMemoryClockKhz = 36,
  kMemoryBusBits = 37,
  kL2Bytes = 38,
  kThreadsPerMultiprocessor = 39,
  kPciDomain = 50,
  kComputeMajor = 75,
  kComputeMinor = 76,
  kSharedPerMultiprocessor = 81,
  kRegistersPerMultiprocessor = 82,
  kMaxSharedPerBlockOptin = 97,
};

/// CUfunction_attribute.
enum FunctionAttribute : int {
  kFunctionMaxThreads = 0,
  kFunctionSharedBytes = 1,
  kFunctionLocalBytes = 3,
  kFunctionRegisters = 4,
  kFunctionMaxDynamicShared = 8,
};

/// CUlaunchAttribute and CUlaunchConfig.
struct LaunchAttribute {
  int id = 0;  ///< 4: cluster sizes, 6: programmatic stream serialisation
  char pad[4] = {};
  union {
    char bytes[64];
    unsigned cluster[3];
    int flag;
  } value = {};
};
static_assert(sizeof(LaunchAttribute) == 72);
struct DriverLaunch {
  unsigned grid[3];
  unsigned block[3];
  unsigned shared_bytes;
  StreamHandle stream;
  LaunchAttribute* attributes;
  unsigned attribute_count;
};

/// Opaque 128 bytes that describe a tensor to the bulk copy unit; passed to kernels by value (__grid_constant__).
struct alignas(64) TensorMap {
  std::uint64_t words[16];
};

struct DriverApi {
  DriverResult (*init)(unsigned flags);
  DriverResult (*driver_version)(int* version);
  DriverResult (*error_name)(DriverResult result, const char** name);
  DriverResult (*error_string)(DriverResult result, const char** text);
  DriverResult (*device_count)(int* count);
  DriverResult (*device_get)(int* device, int ordinal);
  DriverResult (*device_name)(char* name, int size, int device);
  DriverResult (*device_attribute)(int* value, DeviceAttribute attribute, int device);
  DriverResult (*device_memory)(std::size_t* bytes, int device);
  DriverResult (*device_uuid)(char* uuid16, int device);
  DriverResult (*primary_retain)(ContextHandle* context, int device);
  DriverResult (*primary_release)(int device);
  DriverResult (*primary_reset)(int device);
  DriverResult (*context_set)(ContextHandle context);
  DriverResult (*context_get)(ContextHandle* context);
  DriverResult (*memory_info)(std::size_t* free, std::size_t* total);
  DriverResult (*memory_allocate)(DevicePointer* address, std::size_t bytes);
  DriverResult (*memory_free)(DevicePointer address);
  DriverResult (*host_allocate)(void** address, std::size_t bytes, unsigned flags);
  DriverResult (*host_free)(void* address);
  DriverResult (*copy_to_device)(DevicePointer to, const void* from, std::size_t bytes, StreamHandle stream);
  DriverResult (*copy_to_host)(void* to, DevicePointer from, std::size_t bytes, StreamHandle stream);
  DriverResult (*copy_on_device)(DevicePointer to, DevicePointer from, std::size_t bytes, StreamHandle stream);
  DriverResult (*fill_bytes)(DevicePointer to, unsigned char value, std::size_t count, StreamHandle stream);
  DriverResult (*stream_create)(StreamHandle* stream, unsigned flags);
  DriverResult (*stream_destroy)(StreamHandle stream);
  DriverResult (*stream_synchronize)(StreamHandle stream);
  DriverResult (*stream_wait_event)(StreamHandle stream, EventHandle event, unsigned flags);
  DriverResult (*capture_begin)(StreamHandle stream, int mode);
  DriverResult (*capture_end)(StreamHandle stream, GraphHandle* graph);
  DriverResult (*graph_instantiate)(GraphExecHandle* exec, GraphHandle graph, unsigned long long flags);
  DriverResult (*graph_launch)(GraphExecHandle exec, StreamHandle stream);
  DriverResult (*graph_exec_destroy)(GraphExecHandle exec);
  DriverResult (*graph_destroy)(GraphHandle graph);
  DriverResult (*graph_nodes)(GraphHandle graph, GraphNodeHandle* nodes, std::size_t* count);
  DriverResult (*event_create)(EventHandle* event, unsigned flags);
  DriverResult (*event_record)(EventHandle event, StreamHandle stream);
  DriverResult (*event_synchronize)(EventHandle event);
  DriverResult (*event_query)(EventHandle event);
  DriverResult (*event_elapsed)(float* milliseconds, EventHandle from, EventHandle to);
  DriverResult (*event_destroy)(EventHandle event);
  DriverResult (*module_load)(ModuleHandle* module, const void* image, unsigned count, int* options, void** values);
  DriverResult (*module_unload)(ModuleHandle module);
  DriverResult (*module_function)(FunctionHandle* function, ModuleHandle module, const char* name);
  DriverResult (*function_get)(int* value, FunctionAttribute attribute, FunctionHandle function);
  DriverResult (*function_set)(FunctionHandle function, FunctionAttribute attribute, int value);
  DriverResult (*occupancy)(int* blocks, FunctionHandle function, int threads, std::size_t dynamic_shared);
  DriverResult (*launch)(const DriverLaunch* launch, FunctionHandle function, void** parameters, void** extra);
  /// Null before compute capability 9 was known (drivers under 12).
  DriverResult (*tensor_map_tiled)(TensorMap* map, int type, unsigned rank, void* address, const std::uint64_t* dims,
                                   const std::uint64_t* strides, const unsigned* box, const unsigned* element_strides,
                                   int interleave, int swizzle, int l2_promotion, int oob_fill);
  DriverResult (*tensor_map_im2col)(TensorMap* map, int type, unsigned rank, void* address, const std::uint64_t* dims,
                                    const std::uint64_t* strides, const int* lower, const int* upper, unsigned channels,
                                    unsigned pixels, const unsigned* element_strides, int interleave, int swizzle,
                                    int l2_promotion, int oob_fill);

  std::string path;  ///< of the library
  int version = 0;   ///< 13000 is 13.0

  /// The error of a call, in the driver's words: "cuMemAlloc: out of memory (CUDA_ERROR_OUT_OF_MEMORY)".
  /// OutOfMemory, else Device.
  Error error(DriverResult result, std::string_view call) const;
  Status check(DriverResult result, std::string_view call) const {
    if (result == kSuccess) return {};
    return error(result, call);
  }
};

/// Opens and initialises the driver once per process; later calls give the same answer.
/// Errors: NotFound with what was tried, or when it sees no device; Device when it does not initialise (its words) or
/// is too old.
Result<const DriverApi*> driver_api();
/// What was tried to open it.
std::vector<Attempt> driver_attempts();

}  // namespace bolide::cuda
