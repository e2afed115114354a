/// A tensor in host memory as users see it: dtype, sizes, contiguous row-major elements.
///
///     auto image = bolide::HostTensor::make(bolide::DataType::kF32, {1, 3, 224, 224});
///     std::span<float> pixels = image->values<float>();
#pragma once

#include <bolide/export.h>
#include <bolide/types.h>

#include <memory>
#include <span>

namespace bolide {

/// Copies share the elements. Thread safety: as the memory it points to.
class BOLIDE_API HostTensor {
 public:
  /// No elements.
  HostTensor() = default;
  /// Zero-filled. Errors: InvalidArgument for negative or impossible sizes, OutOfMemory.
  static Result<HostTensor> make(DataType type, Dims dims);
  /// Uses the caller's memory, which must stay valid and unchanged in size while the tensor is used.
  static Result<HostTensor> borrow(DataType type, Dims dims, void* data);

  /// Values as the items of a sequence; `element` is their dtype, which an empty one cannot tell.
  static Result<HostTensor> sequence(DataType element, std::span<const HostTensor> items);
  /// One value, or none (null), of dtype `element`.
  static Result<HostTensor> optional(DataType element, const HostTensor* value);
  /// Keys [n] and values [n] as a map. Errors: InvalidArgument for other ranks and counts that differ.
  static Result<HostTensor> map(const HostTensor& keys, const HostTensor& values);
  /// What a sequence or optional holds, the keys and the values of a map; nothing for tensors. Elements are shared.
  std::vector<HostTensor> items() const;

  /// The elements converted to another dtype as ONNX Cast does. Errors: Unsupported between complex and real.
  Result<HostTensor> converted(DataType type) const;

  DataType dtype() const { return dtype_; }
  const Dims& dims() const { return dims_; }
  std::int64_t count() const { return count_; }
  std::size_t bytes() const { return bytes_; }
  /// The elements; std::string objects for strings, and nothing to be looked at for sequences, optionals and maps.
  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }

  /// The elements as T; empty when T's size is not the dtype's.
  template <class T>
  std::span<T> values() {
    if (static_cast<int>(8 * sizeof(T)) != bit_width(dtype_)) return {};
    return {static_cast<T*>(data_.get()), static_cast<std::size_t>(count_)};
  }
  template <class T>
  std::span<const T> values() const {
    if (static_cast<int>(8 * sizeof(T)) != bit_width(dtype_)) return {};
    return {static_cast<const T*>(data_.get()), static_cast<std::size_t>(count_)};
  }

  struct Access;  ///< for the library

 private:
  DataType dtype_ = DataType::kF32;
  Dims dims_ = {0};
  std::int64_t count_ = 0;
  std::size_t bytes_ = 0;
  std::shared_ptr<void> data_;
};

}  // namespace bolide
