/// Tensors in host memory: contiguous, row-major, shared ownership.
#pragma once

#include "base/error.h"
#include "tensor/dim.h"

#include <cstring>
#include <memory>
#include <span>

namespace bolide {

/// Number of elements. Errors: InvalidArgument for a negative size or a product beyond 2^62.
Result<std::int64_t> element_count(std::span<const std::int64_t> dims);
/// Bytes of `count` packed elements of `type` (sub-byte types rounded up to a whole byte at the end).
std::size_t packed_bytes(DataType type, std::int64_t count);

/// A dtype, sizes and the elements, contiguous in row-major order, aligned to 64 bytes when allocated here.
/// Copies share the memory. Elements of kString are std::string objects; those of sequences, optionals and maps are
/// Tensor objects.
/// Thread safety: const members from any thread; writing needs external order.
class Tensor {
 public:
  Tensor() = default;

  /// Zero-filled. Errors: InvalidArgument for impossible sizes, OutOfMemory with the bytes asked for.
  static Result<Tensor> allocate(DataType type, Dims dims);
  /// Uses memory that `owner` keeps alive (may be null when the caller guarantees the lifetime).
  static Tensor borrow(DataType type, Dims dims, const void* data, std::shared_ptr<const void> owner);
  template <class T>
  static Tensor scalar(T value);
  /// A tensor of the given values; the dtype follows T. `dims` defaults to one dimension.
  template <class T>
  static Tensor of(std::span<const T> values, std::optional<Dims> dims = std::nullopt);

  /// The items as elements [n] of a sequence whose element type is `element`.
  static Tensor sequence(TensorType element, std::span<const Tensor> items);
  /// An optional that holds `value`, or nothing (null).
  static Tensor optional(TensorType element, const Tensor* value);
  /// Keys [n] and values [n] as the two elements of a map.
  static Tensor map(Tensor keys, Tensor values);

  DataType dtype() const { return dtype_; }
  const Dims& dims() const { return dims_; }
  int rank() const { return static_cast<int>(dims_.size()); }
  std::int64_t count() const { return count_; }
  std::size_t bytes() const { return packed_bytes(dtype_, count_); }
  TensorType type() const { return {dtype_, to_shape(dims_), elements_}; }
  /// The elements of a sequence, optional or map.
  std::span<const Tensor> items() const { return span<Tensor>(); }

  const std::byte* data() const { return data_; }
  std::byte* data() { return data_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// The elements as T. T's size must match the dtype (checked by the caller; sub-byte types are read as bytes).
  template <class T>
  std::span<const T> span() const {
    return {reinterpret_cast<const T*>(data_), bytes() / sizeof(T)};
  }
  template <class T>
  std::span<T> span() {
    return {reinterpret_cast<T*>(data_), bytes() / sizeof(T)};
  }

  /// The same elements under other sizes. Errors: InvalidArgument when the counts differ.
  Result<Tensor> reshaped(Dims dims) const;
  /// The same bytes read as another dtype of the same width.
  Tensor reinterpreted(DataType type) const;
  /// Bit equality of dtype, dims and elements (strings compare as strings).
  bool operator==(const Tensor& other) const;

 private:
  DataType dtype_ = DataType::kF32;
  Dims dims_ = {0};
  std::int64_t count_ = 0;
  std::byte* data_ = nullptr;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::vector<TensorType>> elements_;  // of containers
};

/// Row-major strides in elements.
Dims contiguous_strides(std::span<const std::int64_t> dims);

/// Elements of an integer (or bool) tensor of any width as i64. Errors: InvalidArgument for other dtypes and for u64
/// values beyond i64.
Result<Dims> to_i64(const Tensor& tensor);
/// Elements of any real numeric tensor as f64, exactly where f64 can hold them.
Result<std::vector<double>> to_f64(const Tensor& tensor);
/// The first element as f64; for scalars and one-element tensors.
Result<double> scalar_f64(const Tensor& tensor);

/// dtype of a C++ element type: dtype_of<float> == kF32.
template <class T>
inline constexpr DataType dtype_of = DataType::kF32;
template <>
inline constexpr DataType dtype_of<double> = DataType::kF64;
template <>
inline constexpr DataType dtype_of<std::int64_t> = DataType::kI64;
template <>
inline constexpr DataType dtype_of<std::int32_t> = DataType::kI32;
template <>
inline constexpr DataType dtype_of<std::int16_t> = DataType::kI16;
template <>
inline constexpr DataType dtype_of<std::int8_t> = DataType::kI8;
template <>
inline constexpr DataType dtype_of<std::uint64_t> = DataType::kU64;
template <>
inline constexpr DataType dtype_of<std::uint32_t> = DataType::kU32;
template <>
inline constexpr DataType dtype_of<std::uint16_t> = DataType::kU16;
template <>
inline constexpr DataType dtype_of<std::uint8_t> = DataType::kU8;
template <>
inline constexpr DataType dtype_of<bool> = DataType::kBool;
template <>
inline constexpr DataType dtype_of<std::string> = DataType::kString;

template <class T>
Tensor Tensor::of(std::span<const T> values, std::optional<Dims> dims) {
  Tensor out = *allocate(dtype_of<T>, dims ? *std::move(dims) : Dims{static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) out.span<T>()[i] = values[i];
  return out;
}
template <class T>
Tensor Tensor::scalar(T value) {
  return of<T>(std::span<const T>(&value, 1), Dims{});
}

}  // namespace bolide
