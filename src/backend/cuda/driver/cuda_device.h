/// A CUDA device: its facts, memory, streams and kernels.
///
///     TRY(auto device, CudaDevice::open(0));
///     TRY(Function f, device->function({"scale", text, {"-DN=4"}}, "scale"));
///     TRY_OK(launch(stream, f, {.grid = {blocks}, .block = {256}}, x, y, count));
#pragma once

#include "backend/cuda/driver/driver_api.h"
#include "backend/cuda/driver/program.h"
#include "backend/cuda/driver/recorder.h"
#include "backend/device.h"

#include <array>
#include <atomic>
#include <map>
#include <mutex>

namespace bolide::cuda {

/// What decides which kernels run, and how well. Known without a device for `build --target`.
struct DeviceFacts {
  std::string name;
  int capability = 0;  ///< 90 is 9.0
  int multiprocessors = 0;
  std::int64_t shared_bytes_per_block = 0;  ///< the most a block can ask for
  std::int64_t shared_bytes_per_multiprocessor = 0;
  std::int64_t l2_bytes = 0;
  std::int64_t memory_bytes = 0;
  int clock_khz = 0;
  int memory_clock_khz = 0;
  int memory_bus_bits = 0;
  int driver_version = 0;
  /// Code is made for an older kind and translated by the driver: no instructions of this very capability.
  bool translated = false;

  /// Bytes a microsecond that its memory moves, by the data sheet of the bus.
  double bytes_per_us() const;
};
/// A typical device of a compute capability, for planning without one. Errors: Unsupported with those that are known.
Result<DeviceFacts> typical_facts(int capability);

/// A kernel that is loaded: a handle to copy about.
struct Function {
  FunctionHandle handle = nullptr;
  int registers = 0;
  int local_bytes = 0;  ///< a thread; not 0 means spills or arrays in slow memory
  int shared_bytes = 0;
  int max_threads = 0;
  std::shared_ptr<const void> module = nullptr;  ///< keeps it loaded
};

/// Shape of a launch.
struct Launch {
  std::array<unsigned, 3> grid = {1, 1, 1};
  std::array<unsigned, 3> block = {1, 1, 1};
  std::size_t shared_bytes = 0;                 ///< dynamic; above 48 KiB it is asked for by `function`
  std::array<unsigned, 3> cluster = {0, 0, 0};  ///< 0: none
  /// May start before the kernel before it has ended; the kernel then calls griddepcontrol.wait itself.
  bool overlaps = false;
};

class CudaDevice final : public Device {
 public:
  /// The device of that index, opened once per process; anew once a fault has lost its context. Where NVRTC is older
  /// than the card, facts() and code are those of the newest older kind that it knows. Errors: as driver_api();
  /// NotFound with the number there are; Unsupported when NVRTC knows no kind as old.
  static Result<std::shared_ptr<CudaDevice>> open(int index);
  /// No device: function() compiles for that capability and loads nothing; everything else fails.
  static Result<std::shared_ptr<CudaDevice>> for_compiling(int capability);
  /// No device either: kernels load and launch on it to be seen; see recorder.h. What the cache on disk has tells its
  /// registers; `compile`: what it has not is compiled, too.
  static std::shared_ptr<CudaDevice> for_recording(DeviceFacts facts, bool compile);
  bool is_recording() const { return recording_; }
  /// Devices there are; errors as driver_api().
  static Result<int> count();
  ~CudaDevice() override;

  const DeviceFacts& facts() const { return facts_; }
  CodeTarget code_target() const { return {facts_.capability, facts_.translated}; }
  const DriverApi& api() const { return *api_; }
  int index() const { return index_; }
  /// True once a fault (a wrong address in a kernel, say) has taken the context and all that lay in it. From then on
  /// everything of this object fails with that error, and open() gives another.
  bool lost() const { return lost_; }
  /// The status of a call; takes note when the context is lost by it.
  Status check(DriverResult result, std::string_view call);
  Status alive() const override;
  /// What was compiled before, on disk; null where there is no folder for it.
  const KernelCache* cache() const { return cache_.get(); }

  /// The kernel `name` of a program: compiled (through the cache on disk), loaded and kept. Any thread, several
  /// compile at once. `dynamic_shared` is the most a launch will ask for. Errors: as compile(); Device.
  Result<Function> function(const Program& program, const std::string& name, std::size_t dynamic_shared = 0);

  /// What somebody keeps for as long as the device is open (the handle of a library): made on first use, destroyed in
  /// the device's context before that goes. Errors: what `make` gives; a later call tries again.
  class Attachment {
   public:
    virtual ~Attachment() = default;
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

   protected:
    Attachment() = default;
  };
  using MakeAttachment = Result<std::unique_ptr<Attachment>> (*)(CudaDevice& device);
  Result<Attachment*> attachment(std::string_view name, MakeAttachment make);

  /// The functions that were asked for so far, by program and name: what tests look at.
  std::vector<std::pair<std::string, Function>> functions();

  const std::string& name() const override { return facts_.name; }
  Result<std::unique_ptr<DeviceBlock>> allocate(std::size_t bytes) override;
  Result<std::unique_ptr<DeviceBlock>> allocate_host(std::size_t bytes) override;
  Result<std::unique_ptr<DeviceStream>> make_stream() override;
  std::unique_ptr<DeviceStream> borrow_stream(void* native) override;
  Result<std::unique_ptr<DeviceEvent>> make_event() override;
  std::unique_ptr<DeviceEvent> borrow_event(void* native) override;
  Result<double> microseconds(const DeviceEvent& from, const DeviceEvent& to) override;
  Result<std::pair<std::size_t, std::size_t>> memory() override;
  void begin_range(const std::string& name) override;
  void end_range() override;

  /// Makes the device's context the thread's for a scope, and gives the thread its own back.
  class Current {
   public:
    explicit Current(const CudaDevice& device);
    ~Current();
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

   private:
    const DriverApi& api_;
    ContextHandle mine_ = nullptr;
    ContextHandle before_ = nullptr;
  };

 private:
  CudaDevice() = default;
  /// Holds the primary context, made anew where a fault has spoilt it; `lost`: it is known to have.
  Status retain_context(bool lost);
  /// Sets what NVRTC, where it is there, makes code for.
  Status choose_code();
  struct Loaded {
    std::mutex mutex;
    std::string program;
    ModuleHandle module = nullptr;
    CodePtr code;  // where nothing is loaded
    std::map<std::string, Function> functions;
    std::map<std::string, RecordedFunction> recorded;
  };
  /// Unloads what no kernel uses any more.
  void sweep_modules();
  static constexpr std::size_t kMostUnused = 1024;
  Result<Function> recorded_function(Loaded& loaded, const Program& program, const std::string& name);

  const DriverApi* api_ = nullptr;
  bool recording_ = false;
  bool compiles_ = false;  // while recording
  int index_ = 0;
  int device_ = 0;
  ContextHandle context_ = nullptr;
  DeviceFacts facts_;
  std::unique_ptr<KernelCache> cache_;
  std::atomic<bool> lost_ = false;
  mutable std::mutex lost_mutex_;
  std::string lost_by_;
  std::mutex mutex_;
  std::map<Digest, std::shared_ptr<Loaded>> modules_;
  std::size_t sweep_at_ = kMostUnused;  // modules
  std::mutex attachments_mutex_;
  std::map<std::string, std::unique_ptr<Attachment>, std::less<>> attachments_;
};

class CudaStream final : public DeviceStream {
 public:
  CudaStream(std::shared_ptr<CudaDevice> device, StreamHandle handle, bool owned)
      : device_(std::move(device)), handle_(handle), owned_(owned) {}
  ~CudaStream() override;

  CudaDevice& device() const { return *device_; }
  StreamHandle handle() const { return handle_; }

  Status upload(void* device, const void* host, std::size_t bytes) override;
  Status download(void* host, const void* device, std::size_t bytes) override;
  Status copy(void* to, const void* from, std::size_t bytes) override;
  Status fill(void* to, std::uint8_t value, std::size_t bytes) override;
  Status wait() override;
  Status begin_recording() override;
  Result<std::unique_ptr<DeviceGraph>> end_recording() override;
  Status launch(const DeviceGraph& graph) override;
  Status record(const DeviceEvent& event) override;
  Status wait_for(const DeviceEvent& event) override;

  /// `parameters` are the addresses of the kernel's parameters in order.
  Status launch(const Function& function, const Launch& how, void** parameters);

 private:
  std::shared_ptr<CudaDevice> device_;
  StreamHandle handle_;
  bool owned_;
  bool joined_ = false;  // waits for another stream since the last launch
};

/// Starts a kernel with the given parameters, whose types must be those of the kernel to the bit.
template <class... Args>
Status launch(CudaStream& stream, const Function& function, const Launch& how, const Args&... args) {
  std::array<void*, sizeof...(Args) + 1> parameters = {const_cast<Args*>(&args)..., nullptr};  // they are only read
  return stream.launch(function, how, parameters.data());
}

}  // namespace bolide::cuda
