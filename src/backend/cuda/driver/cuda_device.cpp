#include "backend/cuda/driver/cuda_device.h"

#include "backend/cuda/driver/nvtx.h"
#include "base/environment.h"
#include "base/log.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

class DeviceMemory final : public DeviceBlock {
 public:
  DeviceMemory(std::shared_ptr<CudaDevice> device, DevicePointer at, std::size_t bytes)
      : DeviceBlock(reinterpret_cast<std::byte*>(at), bytes), device_(std::move(device)) {}
  ~DeviceMemory() override {
    if (device_->lost()) return;
    const CudaDevice::Current current(*device_);
    device_->api().memory_free(device_pointer(data()));
  }

 private:
  std::shared_ptr<CudaDevice> device_;
};

class HostMemory final : public DeviceBlock {
 public:
  HostMemory(std::shared_ptr<CudaDevice> device, void* at, std::size_t bytes)
      : DeviceBlock(static_cast<std::byte*>(at), bytes), device_(std::move(device)) {}
  ~HostMemory() override {
    if (device_->lost()) return;
    const CudaDevice::Current current(*device_);
    device_->api().host_free(data());
  }

 private:
  std::shared_ptr<CudaDevice> device_;
};

std::int64_t attribute(const DriverApi& api, DeviceAttribute which, int device) {
  int value = 0;
  return api.device_attribute(&value, which, device) == kSuccess ? value : 0;
}

/// ": cuda:0 NVIDIA H200, cuda:1 ..."; empty for none.
std::string names_of_devices(int count) {
  const auto api = driver_api();
  std::string out;
  for (int i = 0; api && i < std::min(count, 16); ++i) {
    int device = 0;
    std::array<char, 256> name{};
    if ((*api)->device_get(&device, i) != kSuccess) continue;
    if ((*api)->device_name(name.data(), static_cast<int>(name.size()) - 1, device) != kSuccess) continue;
    out += strings::join(out.empty() ? ": " : ", ", "cuda:", i, " ", name.data());
  }
  return out;
}

}  // namespace

double DeviceFacts::bytes_per_us() const {
  // Two transfers a clock; HBM and GDDR report the clock of the command bus.
  const double known = 2.0 * memory_clock_khz * 1e3 * (memory_bus_bits / 8.0) / 1e6;
  return known > 0 ? known : 1e6;
}

Result<DeviceFacts> typical_facts(int capability) {
  const auto typical = [&](const char* name, int multiprocessors, int shared_kib, int l2_mib, int memory_gib, int mhz,
                           int memory_mhz, int bits) {
    return DeviceFacts{.name = name,
                       .capability = capability,
                       .multiprocessors = multiprocessors,
                       .shared_bytes_per_block = (shared_kib - 1) * 1024,
                       .shared_bytes_per_multiprocessor = shared_kib * 1024,
                       .l2_bytes = std::int64_t{l2_mib} << 20,
                       .memory_bytes = std::int64_t{memory_gib} << 30,
                       .clock_khz = mhz * 1000,
                       .memory_clock_khz = memory_mhz * 1000,
                       .memory_bus_bits = bits};
  };
  switch (capability) {
    case 75: return typical("a device of compute capability 7.5", 40, 64, 4, 16, 1590, 5001, 256);
    case 80: return typical("a device of compute capability 8.0", 108, 164, 40, 40, 1410, 1215, 5120);
    case 86: return typical("a device of compute capability 8.6", 84, 100, 6, 24, 1700, 9751, 384);
    case 89: return typical("a device of compute capability 8.9", 128, 100, 72, 24, 2520, 10501, 384);
    case 90: return typical("a device of compute capability 9.0", 132, 228, 50, 80, 1980, 2619, 5120);
    case 100: return typical("a device of compute capability 10.0", 148, 228, 126, 180, 1965, 3996, 8192);
    case 120: return typical("a device of compute capability 12.0", 170, 100, 96, 32, 2407, 14001, 512);
    default:
      return unsupported("no typical device of sm_", capability, " is known; known are 75, 80, 86, 89, 90, 100, 120");
  }
}

CudaDevice::Current::Current(const CudaDevice& device) : api_(*device.api_), mine_(device.context_) {
  api_.context_get(&before_);
  if (before_ != mine_) api_.context_set(mine_);
}

CudaDevice::Current::~Current() {
  if (before_ != mine_) api_.context_set(before_);
}

Status CudaDevice::check(DriverResult result, std::string_view call) {
  if (result == kSuccess) return {};
  Error error = api_->error(result, call);
  if (!loses_context(result)) return error;
  error.message += strings::join("; the context of cuda:", index_, " and all in it are lost, load the engine again");
  const std::lock_guard lock(lost_mutex_);
  if (lost_by_.empty()) lost_by_ = error.message;
  lost_ = true;
  return error;
}

Status CudaDevice::alive() const {
  if (!lost_) return {};
  const std::lock_guard lock(lost_mutex_);
  return make_error(Code::kDevice, "after an earlier fault: ", lost_by_);
}

Result<int> CudaDevice::count() {
  TRY(const DriverApi* api, driver_api());
  int count = 0;
  TRY_OK(api->check(api->device_count(&count), "cuDeviceGetCount"));
  return count;
}

Result<std::shared_ptr<CudaDevice>> CudaDevice::open(int index) {
  static std::mutex mutex;
  static auto* const open_devices = new std::map<int, std::weak_ptr<CudaDevice>>;
  TRY(const int devices, count());
  if (index < 0 || index >= devices) {
    return not_found("cuda:", index, " is not there; the driver shows ", devices, devices == 1 ? " device" : " devices",
                     names_of_devices(devices));
  }
  const std::lock_guard lock(mutex);
  auto known = (*open_devices)[index].lock();
  if (known != nullptr && !known->lost()) return known;
  auto made = std::shared_ptr<CudaDevice>(new CudaDevice());
  TRY(made->api_, driver_api());
  const DriverApi& api = *made->api_;
  made->index_ = index;
  TRY_OK(api.check(api.device_get(&made->device_, index), "cuDeviceGet"));
  char name[256] = {};
  TRY_OK(api.check(api.device_name(name, sizeof(name) - 1, made->device_), "cuDeviceGetName"));
  std::size_t bytes = 0;
  TRY_OK(api.check(api.device_memory(&bytes, made->device_), "cuDeviceTotalMem"));
  const auto get = [&](DeviceAttribute which) { return attribute(api, which, made->device_); };
  made->facts_ = {.name = name,
                  .capability = static_cast<int>(get(kComputeMajor) * 10 + get(kComputeMinor)),
                  .multiprocessors = static_cast<int>(get(kMultiprocessors)),
                  .shared_bytes_per_block = get(kMaxSharedPerBlockOptin),
                  .shared_bytes_per_multiprocessor = get(kSharedPerMultiprocessor),
                  .l2_bytes = get(kL2Bytes),
                  .memory_bytes = static_cast<std::int64_t>(bytes),
                  .clock_khz = static_cast<int>(get(kClockRateKhz)),
                  .memory_clock_khz = static_cast<int>(get(kMemoryClockKhz)),
                  .memory_bus_bits = static_cast<int>(get(kMemoryBusBits)),
                  .driver_version = api.version};
  TRY_OK(made->choose_code());
  TRY_OK(made->retain_context(known != nullptr));
  if (const auto folder = environment::cache_folder()) {
    made->cache_ = std::make_unique<KernelCache>(*folder / "kernels");
  }
  (*open_devices)[index] = made;
  return made;
}

Status CudaDevice::retain_context(bool lost) {
  const auto retain = [&](bool reset) {
    // Nothing calls the driver for what a lost context held, so that it may go while objects of it are left.
    if (reset) api_->primary_reset(device_);
    DriverResult result = api_->primary_retain(&context_, device_);
    if (result != kSuccess) {
      context_ = nullptr;
      return result;
    }
    const Current current(*this);
    std::size_t free = 0;
    std::size_t total = 0;
    result = api_->memory_info(&free, &total);
    return result;
  };
  DriverResult result = retain(lost);
  if (loses_context(result) && !lost) {
    if (context_ != nullptr) api_->primary_release(device_);
    result = retain(true);
  }
  if (result == kSuccess) return {};
  Error error = api_->error(result, strings::join("a context of cuda:", index_));
  if (loses_context(result))
    error.message += "; after a fault the driver gives this process no new one, start it again";
  if (context_ != nullptr) api_->primary_release(device_);
  context_ = nullptr;
  return error;
}

Status CudaDevice::choose_code() {
  const auto nvrtc = nvrtc_api();
  if (!nvrtc) return {};  // the error comes with the first kernel
  const int card = facts_.capability;
  TRY(facts_.capability, newest_known(**nvrtc, card));
  facts_.translated = facts_.capability != card;
  if (!facts_.translated) return {};
  log(LogLevel::kWarn, "NVRTC ", (*nvrtc)->major, ".", (*nvrtc)->minor, " is older than ", facts_.name,
      " (compute capability ", card / 10, ".", card % 10, "): kernels are made for ", facts_.capability / 10, ".",
      facts_.capability % 10, " and translated by the driver");
  return {};
}

Result<std::shared_ptr<CudaDevice>> CudaDevice::for_compiling(int capability) {
  auto made = std::shared_ptr<CudaDevice>(new CudaDevice());
  TRY(made->facts_, typical_facts(capability));
  return made;
}

std::shared_ptr<CudaDevice> CudaDevice::for_recording(DeviceFacts facts, bool compile) {
  auto made = std::shared_ptr<CudaDevice>(new CudaDevice());
  made->facts_ = std::move(facts);
  made->api_ = &recording_api();
  made->recording_ = true;
  made->compiles_ = compile;
  if (const auto folder = environment::cache_folder()) {
    made->cache_ = std::make_unique<KernelCache>(*folder / "kernels");
  }
  return made;
}

CudaDevice::~CudaDevice() {
  if (context_ == nullptr) return;
  if (!lost_) {
    const Current current(*this);
    attachments_.clear();
    for (const auto& [key, loaded] : modules_) {
      if (loaded->module != nullptr) api_->module_unload(loaded->module);
    }
  } else {
    // What a library does without its context is not known: what it held is left to the process's end.
    for (auto& [name, attachment] : attachments_) static_cast<void>(attachment.release());
  }
  api_->primary_release(device_);
}

Result<CudaDevice::Attachment*> CudaDevice::attachment(std::string_view name, MakeAttachment make) {
  const std::lock_guard lock(attachments_mutex_);
  const auto known = attachments_.find(name);
  if (known != attachments_.end()) return known->second.get();
  const Current current(*this);
  TRY(std::unique_ptr<Attachment> made, make(*this));
  return attachments_.emplace(name, std::move(made)).first->second.get();
}

Result<std::unique_ptr<DeviceBlock>> CudaDevice::allocate(std::size_t bytes) {
  TRY_OK(alive());
  const Current current(*this);
  DevicePointer at = 0;
  if (const DriverResult result = api_->memory_allocate(&at, std::max<std::size_t>(bytes, 1)); result != kSuccess) {
    std::size_t free = 0;
    std::size_t total = 0;
    api_->memory_info(&free, &total);
    Error error = check(result, "cuMemAlloc").error();
    error.message += strings::join("; asked for ", bytes, " bytes, ", free, " of ", total, " are free");
    return error;
  }
  return std::unique_ptr<DeviceBlock>(
      new DeviceMemory(std::static_pointer_cast<CudaDevice>(shared_from_this()), at, bytes));
}

Result<std::unique_ptr<DeviceBlock>> CudaDevice::allocate_host(std::size_t bytes) {
  TRY_OK(alive());
  const Current current(*this);
  void* at = nullptr;
  TRY_OK(check(api_->host_allocate(&at, std::max<std::size_t>(bytes, 1), 1), "cuMemHostAlloc")
             .within(strings::join(bytes, " bytes of pinned memory")));
  return std::unique_ptr<DeviceBlock>(
      new HostMemory(std::static_pointer_cast<CudaDevice>(shared_from_this()), at, bytes));
}

Result<std::pair<std::size_t, std::size_t>> CudaDevice::memory() {
  TRY_OK(alive());
  const Current current(*this);
  std::size_t free = 0;
  std::size_t total = 0;
  TRY_OK(check(api_->memory_info(&free, &total), "cuMemGetInfo"));
  return std::pair(free, total);
}

void CudaDevice::begin_range(const std::string& name) { nvtx_push(name); }
void CudaDevice::end_range() { nvtx_pop(); }

}  // namespace bolide::cuda
