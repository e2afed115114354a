// Devices, contexts, memory and modules of the fake driver.
#include "fake_cuda/fake_state.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using fake::Context;
using fake::current;
using fake::enter;
using fake::state;

namespace {

Context* device(int ordinal) {
  auto& devices = state().devices;
  return ordinal >= 0 && static_cast<std::size_t>(ordinal) < devices.size()
             ? devices[static_cast<std::size_t>(ordinal)].get()
             : nullptr;
}
long setting(const char* key, long otherwise) { return fake::number(state().settings, key, otherwise); }
std::size_t memory_bytes() { return static_cast<std::size_t>(setting("memory_mib", 1024)) << 20; }
int fill_in(void* at, std::size_t bytes) {
  std::memset(at, 0xCD, bytes);
  return 0;
}

}  // namespace

extern "C" {

int cuInit(unsigned) { return static_cast<int>(setting("init", 0)); }
int cuDriverGetVersion(int* version) {
  *version = static_cast<int>(setting("version", 13000));
  return 0;
}
int cuGetErrorName(int result, const char** name) {
  static thread_local char text[32];
  std::snprintf(text, sizeof(text), "FAKE_ERROR_%d", result);
  *name = text;
  return 0;
}
int cuGetErrorString(int result, const char** text) {
  switch (result) {
    case fake::kOutOfMemory: *text = "out of memory"; break;
    case fake::kNoDevice: *text = "no CUDA-capable device is detected"; break;
    case fake::kInvalidContext: *text = "invalid device context"; break;
    case fake::kIllegalAddress: *text = "an illegal memory access was encountered"; break;
    default: *text = "the fake driver says no"; break;
  }
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = static_cast<int>(state().devices.size());
  return 0;
}
int cuDeviceGet(int* to, int ordinal) {
  *to = ordinal;
  return device(ordinal) == nullptr ? fake::kInvalidDevice : 0;
}
int cuDeviceGetName(char* name, int size, int) {
  const auto found = state().settings.find("name");
  std::snprintf(name, static_cast<std::size_t>(size), "%s",
                found == state().settings.end() ? "Fake GPU" : found->second.c_str());
  return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
  const long capability = setting("capability", 90);
  switch (attribute) {
    case 8: *value = 48 << 10; break;
    case 13: *value = 1980000; break;
    case 16: *value = static_cast<int>(setting("multiprocessors", 132)); break;
    case 36: *value = 2619000; break;
    case 37: *value = 5120; break;
    case 38: *value = 50 << 20; break;
    case 39: *value = 2048; break;
    case 75: *value = static_cast<int>(capability / 10); break;
    case 76: *value = static_cast<int>(capability % 10); break;
    case 81: *value = 228 << 10; break;
    case 97: *value = 227 << 10; break;
    default: *value = 0; break;
  }
  return 0;
}
int cuDeviceTotalMem_v2(std::size_t* bytes, int) {
  *bytes = memory_bytes();
  return 0;
}
int cuDeviceGetUuid(char* uuid, int) {
  std::memset(uuid, 7, 16);
  return 0;
}

int cuDevicePrimaryCtxRetain(Context** to, int ordinal) {
  const std::lock_guard lock(state().mutex);
  Context* context = device(ordinal);
  if (context == nullptr) return fake::kInvalidDevice;
  if (state().refuse_contexts != 0) return state().refuse_contexts;
  if (const int failed = enter("cuDevicePrimaryCtxRetain", context); failed != 0 && failed != fake::kInvalidContext) {
    return failed;
  }
  ++context->users;
  *to = context;
  return 0;
}
int cuDevicePrimaryCtxRelease_v2(int ordinal) {
  const std::lock_guard lock(state().mutex);
  Context* context = device(ordinal);
  if (context == nullptr || context->users == 0) return fake::kInvalidContext;
  if (--context->users == 0) context->clear();
  return 0;
}
int cuDevicePrimaryCtxReset_v2(int ordinal) {
  const std::lock_guard lock(state().mutex);
  Context* context = device(ordinal);
  if (context == nullptr) return fake::kInvalidDevice;
  context->clear();
  return 0;
}
int cuCtxSetCurrent(Context* context) {
  current() = context;
  return 0;
}
int cuCtxGetCurrent(Context** context) {
  *context = current();
  return 0;
}

int cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemGetInfo_v2", current()); failed != 0) return failed;
  *total = memory_bytes();
  *free = memory_bytes() - current()->used;
  return 0;
}
int cuMemAlloc_v2(unsigned long long* address, std::size_t bytes) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemAlloc_v2", current()); failed != 0) return failed;
  if (bytes == 0) return fake::kInvalidValue;
  if (bytes > memory_bytes() - current()->used) return fake::kOutOfMemory;
  void* at = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  fill_in(at, bytes);
  current()->blocks[reinterpret_cast<std::uintptr_t>(at)] = bytes;
  current()->used += bytes;
  ++state().counts.allocations;
  *address = reinterpret_cast<std::uintptr_t>(at);
  return 0;
}
int cuMemFree_v2(unsigned long long address) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemFree_v2", current()); failed != 0) return failed;
  const auto block = current()->blocks.find(address);
  if (block == current()->blocks.end()) return fake::kInvalidValue;
  current()->used -= block->second;
  std::free(reinterpret_cast<void*>(block->first));
  current()->blocks.erase(block);
  return 0;
}
int cuMemHostAlloc(void** address, std::size_t bytes, unsigned) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemHostAlloc", current()); failed != 0) return failed;
  *address = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  fill_in(*address, bytes);
  current()->host_blocks[reinterpret_cast<std::uintptr_t>(*address)] = bytes;
  ++state().counts.allocations;
  return 0;
}
int cuMemFreeHost(void* address) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemFreeHost", current()); failed != 0) return failed;
  if (current()->host_blocks.erase(reinterpret_cast<std::uintptr_t>(address)) == 0) return fake::kInvalidValue;
  std::free(address);
  return 0;
}

int cuModuleLoadDataEx(fake::Module** module, const void* image, unsigned, int*, void**) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuModuleLoadDataEx", current()); failed != 0) return failed;
  // "fake cubin 90" runs there only, "fake ptx 80" on all from 80 on.
  char kind[8] = {};
  int made_for = 0;
  if (std::sscanf(static_cast<const char*>(image), "fake %7s %d", kind, &made_for) != 2) return fake::kInvalidImage;
  const long capability = setting("capability", 90);
  if (std::strcmp(kind, "ptx") == 0 ? made_for > capability : made_for != capability) return fake::kNoBinary;
  *module = new fake::Module{current()};
  current()->modules.insert(*module);
  ++state().counts.made;
  return 0;
}
int cuModuleUnload(fake::Module* module) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuModuleUnload", current()); failed != 0) return failed;
  if (current()->modules.erase(module) == 0) return fake::kInvalidHandle;
  delete module;
  return 0;
}
int cuModuleGetFunction(fake::Function** function, fake::Module* module, const char* name) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuModuleGetFunction", current()); failed != 0) return failed;
  if (current()->modules.count(module) == 0) return fake::kInvalidHandle;
  current()->functions.push_back(std::make_unique<fake::Function>(fake::Function{module, name}));
  *function = current()->functions.back().get();
  return 0;
}
int cuFuncGetAttribute(int* value, int attribute, fake::Function*) {
  switch (attribute) {
    case 0: *value = 1024; break;
    case 4: *value = 32; break;
    default: *value = 0; break;
  }
  return 0;
}
int cuFuncSetAttribute(fake::Function*, int, int) { return 0; }
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, fake::Function*, int, std::size_t) {
  *blocks = 2;
  return 0;
}
int cuTensorMapEncodeTiled(void* map, int, unsigned, void*, const void*, const void*, const void*, const void*, int,
                           int, int, int) {
  std::memset(map, 0, 128);
  return 0;
}
int cuTensorMapEncodeIm2col(void* map, int, unsigned, void*, const void*, const void*, const void*, const void*,
                            unsigned, unsigned, const void*, int, int, int, int) {
  std::memset(map, 0, 128);
  return 0;
}
}
