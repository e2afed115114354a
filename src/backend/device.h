/// A device with memory of its own, as the runtime sees it: memory, ordered work, and work recorded for replay.
///
/// Addresses on the device are kept in `void*`; the host must not follow them.
#pragma once

#include "base/error.h"

#include <memory>
#include <string>

namespace bolide {

/// A block of memory: on the device, or of the host and reachable by the device's copies.
class DeviceBlock {
 public:
  /// Memory that someone else owns.
  static std::unique_ptr<DeviceBlock> borrow(void* data, std::size_t size) {
    return std::unique_ptr<DeviceBlock>(new DeviceBlock(static_cast<std::byte*>(data), size));
  }
  virtual ~DeviceBlock() = default;
  DeviceBlock(const DeviceBlock&) = delete;
  DeviceBlock& operator=(const DeviceBlock&) = delete;
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 protected:
  DeviceBlock(std::byte* data, std::size_t size) : data_(data), size_(size) {}

 private:
  std::byte* data_;
  std::size_t size_;
};

/// A point in a stream's work.
class DeviceEvent {
 public:
  virtual ~DeviceEvent() = default;
  DeviceEvent(const DeviceEvent&) = delete;
  DeviceEvent& operator=(const DeviceEvent&) = delete;
  virtual Status wait() const = 0;
  /// Whether the work before it is done.
  virtual Result<bool> done() const = 0;

 protected:
  DeviceEvent() = default;
};

/// Work that was recorded once and is given to the device with one call.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  DeviceGraph(const DeviceGraph&) = delete;
  DeviceGraph& operator=(const DeviceGraph&) = delete;
  /// Kernels and copies in it.
  virtual int nodes() const = 0;

 protected:
  DeviceGraph() = default;
};

/// Work done in order. One thread at a time.
class DeviceStream {
 public:
  virtual ~DeviceStream() = default;
  DeviceStream(const DeviceStream&) = delete;
  DeviceStream& operator=(const DeviceStream&) = delete;

  virtual Status upload(void* device, const void* host, std::size_t bytes) = 0;
  virtual Status download(void* host, const void* device, std::size_t bytes) = 0;
  virtual Status copy(void* to, const void* from, std::size_t bytes) = 0;
  virtual Status fill(void* to, std::uint8_t value, std::size_t bytes) = 0;
  /// Returns when all work given so far is done. Errors: what that work did wrong.
  virtual Status wait() = 0;
  /// Work given between these two is recorded and not done.
  virtual Status begin_recording() = 0;
  virtual Result<std::unique_ptr<DeviceGraph>> end_recording() = 0;
  virtual Status launch(const DeviceGraph& graph) = 0;
  virtual Status record(const DeviceEvent& event) = 0;
  virtual Status wait_for(const DeviceEvent& event) = 0;

 protected:
  DeviceStream() = default;
};

/// Any thread.
class Device : public std::enable_shared_from_this<Device> {
 public:
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  virtual const std::string& name() const = 0;
  /// Errors: what the device was lost by, with all memory of it and all that allocate_host() gave.
  virtual Status alive() const = 0;
  /// Aligned to 256 bytes, not initialised. Errors: OutOfMemory with the bytes asked for and free.
  virtual Result<std::unique_ptr<DeviceBlock>> allocate(std::size_t bytes) = 0;
  /// Memory of the host that the device reads and writes at full speed.
  virtual Result<std::unique_ptr<DeviceBlock>> allocate_host(std::size_t bytes) = 0;
  virtual Result<std::unique_ptr<DeviceStream>> make_stream() = 0;
  /// A stream that the caller made by the device's own means (a CUstream) and keeps.
  virtual std::unique_ptr<DeviceStream> borrow_stream(void* native) = 0;
  virtual Result<std::unique_ptr<DeviceEvent>> make_event() = 0;
  /// An event that the caller made by the device's own means (a CUevent) and keeps.
  virtual std::unique_ptr<DeviceEvent> borrow_event(void* native) = 0;
  /// Microseconds between two events that are over.
  virtual Result<double> microseconds(const DeviceEvent& from, const DeviceEvent& to) = 0;
  /// Gives what this thread does from here on a name in the device's tools, until the same number of end_range().
  virtual void begin_range(const std::string&) {}
  virtual void end_range() {}
  /// Free and all memory in bytes.
  virtual Result<std::pair<std::size_t, std::size_t>> memory() = 0;

 protected:
  Device() = default;
};

/// A range of a scope; null: none.
class DeviceRange {
 public:
  DeviceRange(Device* device, const std::string& name) : device_(device) {
    if (device_ != nullptr) device_->begin_range(name);
  }
  ~DeviceRange() {
    if (device_ != nullptr) device_->end_range();
  }
  DeviceRange(const DeviceRange&) = delete;
  DeviceRange& operator=(const DeviceRange&) = delete;

 private:
  Device* device_;
};

}  // namespace bolide
