#include <bolide/device.h>

#include "api/engine_state.h"
#include "backend/cuda/limits/limits.h"

namespace bolide {

struct DeviceBuffer::State {
  std::shared_ptr<Device> device;
  std::unique_ptr<DeviceStream> stream;
  std::unique_ptr<DeviceBlock> block;
};

DeviceBuffer::DeviceBuffer(std::unique_ptr<State> state) : state_(std::move(state)) {}
DeviceBuffer::~DeviceBuffer() = default;
DeviceBuffer::DeviceBuffer(DeviceBuffer&&) noexcept = default;
DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&&) noexcept = default;

Result<DeviceBuffer> DeviceBuffer::allocate(const Engine& engine, std::size_t bytes) {
  const Backend& backend = engine.state().core->backend();
  auto state = std::make_unique<State>();
  state->device = backend.device();
  if (state->device == nullptr) {
    return unsupported("the engine runs on ", backend.name(), ", which has no memory of its own here");
  }
  TRY(state->stream, state->device->make_stream());
  TRY(state->block, state->device->allocate(bytes));
  return DeviceBuffer(std::move(state));
}

void* DeviceBuffer::data() const { return state_->block->data(); }
std::size_t DeviceBuffer::bytes() const { return state_->block->size(); }

Status DeviceBuffer::upload(const void* from, std::size_t bytes) {
  if (bytes > state_->block->size()) return invalid_argument(bytes, " bytes into a block of ", state_->block->size());
  TRY_OK(state_->stream->upload(state_->block->data(), from, bytes));
  return state_->stream->wait();
}

Status DeviceBuffer::download(void* to, std::size_t bytes) const {
  if (bytes > state_->block->size()) return invalid_argument(bytes, " bytes of a block of ", state_->block->size());
  TRY_OK(state_->stream->download(to, state_->block->data(), bytes));
  return state_->stream->wait();
}

Result<DeviceLimits> measure_device(const Engine& engine) {
  const auto device = std::dynamic_pointer_cast<cuda::CudaDevice>(engine.state().core->backend().device());
  if (device == nullptr) {
    return unsupported("the engine runs on ", engine.state().core->backend().name(), ", which is no device to measure");
  }
  TRY(const cuda::DeviceLimits limits, cuda::measure_limits(*device));
  return DeviceLimits{.fp32_gflop_per_s = limits.fp32_gflop_per_s,
                      .tf32_gflop_per_s = limits.tf32_gflop_per_s,
                      .bf16_gflop_per_s = limits.bf16_gflop_per_s,
                      .fp16_gflop_per_s = limits.fp16_gflop_per_s,
                      .gbyte_per_s = limits.gbyte_per_s};
}

}  // namespace bolide
