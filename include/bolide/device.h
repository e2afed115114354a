/// Memory of a device, and runs that take their inputs from it and leave their outputs there.
///
///     auto context = engine.make_context();
///     auto image = bolide::DeviceBuffer::allocate(engine, bytes);
///     (void)image->upload(host, bytes);
///     (void)context->set_device_input("image", bolide::DataType::kF32, {1, 3, 224, 224}, image->data());
///     (void)context->set_device_output("scores", scores->data(), scores->bytes());
///     (void)context->enqueue();      // or enqueue(stream) with a CUstream of one's own
///     (void)context->synchronize();
#pragma once

#include <bolide/engine.h>

namespace bolide {

/// A block of the memory of an engine's device. Moves, does not copy; keeps the device open.
class BOLIDE_API DeviceBuffer {
 public:
  /// Errors: Unsupported where the engine's device is the host; OutOfMemory with the bytes asked for and free.
  static Result<DeviceBuffer> allocate(const Engine& engine, std::size_t bytes);
  ~DeviceBuffer();
  DeviceBuffer(DeviceBuffer&&) noexcept;
  DeviceBuffer& operator=(DeviceBuffer&&) noexcept;

  /// The address on the device; the host must not follow it.
  void* data() const;
  std::size_t bytes() const;
  /// Copies and waits. Errors: InvalidArgument for more bytes than the block has.
  Status upload(const void* from, std::size_t bytes);
  Status download(void* to, std::size_t bytes) const;

  struct State;

 private:
  explicit DeviceBuffer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a device does at most: multiplications and additions a second (in 1e9) with sums in FP32, by the type of what
/// is multiplied (0: it has none of that kind), and bytes a second (in 1e9) through its memory.
struct DeviceLimits {
  double fp32_gflop_per_s = 0;
  double tf32_gflop_per_s = 0;
  double bf16_gflop_per_s = 0;
  double fp16_gflop_per_s = 0;
  double gbyte_per_s = 0;
};
/// Measures them now on the engine's device, in some tenths of a second. Errors: Unsupported where that is the host.
BOLIDE_API Result<DeviceLimits> measure_device(const Engine& engine);

}  // namespace bolide
