#include "backend/cuda/driver/cuda_device.h"

namespace bolide::cuda {
namespace {

class CudaEvent final : public DeviceEvent {
 public:
  CudaEvent(std::shared_ptr<CudaDevice> device, EventHandle handle, bool owned)
      : device_(std::move(device)), handle_(handle), owned_(owned) {}
  ~CudaEvent() override {
    if (!owned_ || device_->lost()) return;
    const CudaDevice::Current current(*device_);
    device_->api().event_destroy(handle_);
  }
  EventHandle handle() const { return handle_; }
  Status wait() const override {
    TRY_OK(device_->alive());
    const CudaDevice::Current current(*device_);
    return device_->check(device_->api().event_synchronize(handle_), "cuEventSynchronize");
  }
  Result<bool> done() const override {
    TRY_OK(device_->alive());
    const CudaDevice::Current current(*device_);
    const DriverResult result = device_->api().event_query(handle_);
    if (result == kNotReady) return false;
    TRY_OK(device_->check(result, "cuEventQuery"));
    return true;
  }

 private:
  std::shared_ptr<CudaDevice> device_;
  EventHandle handle_;
  bool owned_;
};

class CudaGraph final : public DeviceGraph {
 public:
  CudaGraph(std::shared_ptr<CudaDevice> device, GraphExecHandle exec, int nodes)
      : device_(std::move(device)), exec_(exec), nodes_(nodes) {}
  ~CudaGraph() override {
    if (device_->lost()) return;
    const CudaDevice::Current current(*device_);
    device_->api().graph_exec_destroy(exec_);
  }
  GraphExecHandle exec() const { return exec_; }
  int nodes() const override { return nodes_; }

 private:
  std::shared_ptr<CudaDevice> device_;
  GraphExecHandle exec_;
  int nodes_;
};

}  // namespace

Result<std::unique_ptr<DeviceStream>> CudaDevice::make_stream() {
  TRY_OK(alive());
  const Current current(*this);
  StreamHandle handle = nullptr;
  constexpr unsigned kNonBlocking = 1;
  TRY_OK(check(api_->stream_create(&handle, kNonBlocking), "cuStreamCreate"));
  return std::unique_ptr<DeviceStream>(
      new CudaStream(std::static_pointer_cast<CudaDevice>(shared_from_this()), handle, true));
}

std::unique_ptr<DeviceStream> CudaDevice::borrow_stream(void* native) {
  return std::make_unique<CudaStream>(std::static_pointer_cast<CudaDevice>(shared_from_this()),
                                      static_cast<StreamHandle>(native), false);
}

Result<std::unique_ptr<DeviceEvent>> CudaDevice::make_event() {
  TRY_OK(alive());
  const Current current(*this);
  EventHandle handle = nullptr;
  TRY_OK(check(api_->event_create(&handle, 0), "cuEventCreate"));
  return std::unique_ptr<DeviceEvent>(
      new CudaEvent(std::static_pointer_cast<CudaDevice>(shared_from_this()), handle, true));
}

std::unique_ptr<DeviceEvent> CudaDevice::borrow_event(void* native) {
  return std::make_unique<CudaEvent>(std::static_pointer_cast<CudaDevice>(shared_from_this()),
                                     static_cast<EventHandle>(native), false);
}

Result<double> CudaDevice::microseconds(const DeviceEvent& from, const DeviceEvent& to) {
  TRY_OK(alive());
  const Current current(*this);
  float milliseconds = 0;
  TRY_OK(check(api_->event_elapsed(&milliseconds, static_cast<const CudaEvent&>(from).handle(),
                                   static_cast<const CudaEvent&>(to).handle()),
               "cuEventElapsedTime"));
  return static_cast<double>(milliseconds) * 1e3;
}

CudaStream::~CudaStream() {
  if (!owned_ || device_->lost()) return;
  const CudaDevice::Current current(*device_);
  device_->api().stream_destroy(handle_);
}

Status CudaStream::upload(void* device, const void* host, std::size_t bytes) {
  if (bytes == 0) return {};
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  const DriverApi& api = device_->api();
  return device_->check(api.copy_to_device(device_pointer(device), host, bytes, handle_), "cuMemcpyHtoDAsync");
}

Status CudaStream::download(void* host, const void* device, std::size_t bytes) {
  if (bytes == 0) return {};
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  const DriverApi& api = device_->api();
  return device_->check(api.copy_to_host(host, device_pointer(device), bytes, handle_), "cuMemcpyDtoHAsync");
}

Status CudaStream::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return {};
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  const DriverApi& api = device_->api();
  return device_->check(api.copy_on_device(device_pointer(to), device_pointer(from), bytes, handle_),
                        "cuMemcpyDtoDAsync");
}

Status CudaStream::fill(void* to, std::uint8_t value, std::size_t bytes) {
  if (bytes == 0) return {};
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  const DriverApi& api = device_->api();
  return device_->check(api.fill_bytes(device_pointer(to), value, bytes, handle_), "cuMemsetD8Async");
}

Status CudaStream::wait() {
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  return device_->check(device_->api().stream_synchronize(handle_), "cuStreamSynchronize");
}

Status CudaStream::begin_recording() {
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  constexpr int kThreadLocal = 1;
  return device_->check(device_->api().capture_begin(handle_, kThreadLocal), "cuStreamBeginCapture");
}

Result<std::unique_ptr<DeviceGraph>> CudaStream::end_recording() {
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  const DriverApi& api = device_->api();
  GraphHandle graph = nullptr;
  TRY_OK(device_->check(api.capture_end(handle_, &graph), "cuStreamEndCapture"));
  std::size_t nodes = 0;
  api.graph_nodes(graph, nullptr, &nodes);
  GraphExecHandle exec = nullptr;
  const DriverResult made = api.graph_instantiate(&exec, graph, 0);
  api.graph_destroy(graph);
  TRY_OK(device_->check(made, "cuGraphInstantiateWithFlags"));
  return std::unique_ptr<DeviceGraph>(new CudaGraph(device_, exec, static_cast<int>(nodes)));
}

Status CudaStream::launch(const DeviceGraph& graph) {
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  return device_->check(device_->api().graph_launch(static_cast<const CudaGraph&>(graph).exec(), handle_),
                        "cuGraphLaunch");
}

Status CudaStream::record(const DeviceEvent& event) {
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  return device_->check(device_->api().event_record(static_cast<const CudaEvent&>(event).handle(), handle_),
                        "cuEventRecord");
}

Status CudaStream::wait_for(const DeviceEvent& event) {
  joined_ = true;
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  return device_->check(device_->api().stream_wait_event(handle_, static_cast<const CudaEvent&>(event).handle(), 0),
                        "cuStreamWaitEvent");
}

Status CudaStream::launch(const Function& function, const Launch& how, void** parameters) {
  TRY_OK(device_->alive());
  const CudaDevice::Current current(*device_);
  std::array<LaunchAttribute, 2> attributes;
  unsigned count = 0;
  if (how.cluster[0] > 0) {
    attributes[count].id = 4;
    for (std::size_t i = 0; i < 3; ++i) attributes[count].value.cluster[i] = how.cluster[i];
    ++count;
  }
  // A launch may overlap one kernel before it, not several of other streams.
  if (how.overlaps && !std::exchange(joined_, false)) {
    attributes[count].id = 6;
    attributes[count].value.flag = 1;
    ++count;
  }
  const DriverLaunch shape{.grid = {how.grid[0], how.grid[1], how.grid[2]},
                           .block = {how.block[0], how.block[1], how.block[2]},
                           .shared_bytes = static_cast<unsigned>(how.shared_bytes),
                           .stream = handle_,
                           .attributes = attributes.data(),
                           .attribute_count = count};
  return device_->check(device_->api().launch(&shape, function.handle, parameters, nullptr), "cuLaunchKernelEx");
}

}  // namespace bolide::cuda
