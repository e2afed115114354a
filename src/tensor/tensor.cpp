#include "tensor/tensor.h"

#include "tensor/number.h"
#include "tensor/raw_memory.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace bolide {
namespace {

constexpr std::int64_t kMaxElements = INT64_C(1) << 48;
static_assert(sizeof(Tensor) == 80, "bit_width() says so");

/// Objects of a type with constructors, in memory that something else keeps.
template <class T>
struct Objects {
  T* first;
  std::int64_t count;
  std::shared_ptr<const void> memory;
  Objects(std::byte* data, std::int64_t n, std::shared_ptr<const void> owner)
      : first(reinterpret_cast<T*>(data)), count(n), memory(std::move(owner)) {
    std::uninitialized_value_construct_n(first, count);
  }
  ~Objects() { std::destroy_n(first, count); }
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;
};

}  // namespace

Result<std::int64_t> element_count(std::span<const std::int64_t> dims) {
  for (const std::int64_t dim : dims) {
    if (dim < 0) return invalid_argument("the sizes ", dims, " hold a negative one");
  }
  if (std::ranges::find(dims, 0) != dims.end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) {
    if (__builtin_mul_overflow(count, dim, &count) || count > Dim::kTooLarge) {
      return invalid_argument("the sizes ", dims, " multiply to more than 2^62 elements");
    }
  }
  return count;
}

std::size_t packed_bytes(DataType type, std::int64_t count) {
  const auto bits = static_cast<std::size_t>(bit_width(type));
  const auto n = static_cast<std::size_t>(count);
  return bits >= 8 ? n * (bits / 8) : n / 8 * bits + (n % 8 * bits + 7) / 8;
}

Result<Tensor> Tensor::allocate(DataType type, Dims dims) {
  TRY(const std::int64_t count, bolide::element_count(dims));
  if (count > kMaxElements) {
    return invalid_argument("a tensor of sizes ", dims, " has ", count, " elements; the limit is ", kMaxElements);
  }
  const std::size_t bytes = packed_bytes(type, count);
  Tensor out;
  out.owner_ = allocate_bytes(bytes, /*zero=*/true, out.data_);
  if (!out.owner_) return out_of_memory("no memory for ", bytes, " bytes of ", type, dims);
  if (type == DataType::kString) {
    out.owner_ = std::make_shared<Objects<std::string>>(out.data_, count, std::move(out.owner_));
  } else if (is_container(type)) {
    out.owner_ = std::make_shared<Objects<Tensor>>(out.data_, count, std::move(out.owner_));
  }
  out.dtype_ = type;
  out.dims_ = std::move(dims);
  out.count_ = count;
  return out;
}

namespace {

Tensor container(DataType type, std::span<const Tensor> items) {
  Tensor out = *Tensor::allocate(type, {static_cast<std::int64_t>(items.size())});
  std::ranges::copy(items, out.span<Tensor>().begin());
  return out;
}

}  // namespace

Tensor Tensor::sequence(TensorType element, std::span<const Tensor> items) {
  Tensor out = container(DataType::kSequence, items);
  out.elements_ = sequence_type(std::move(element), Dim(0)).elements;
  return out;
}

Tensor Tensor::optional(TensorType element, const Tensor* value) {
  Tensor out = container(DataType::kOptional, {value, value != nullptr ? std::size_t{1} : std::size_t{0}});
  out.elements_ = optional_type(std::move(element), Dim(0)).elements;
  return out;
}

Tensor Tensor::map(Tensor keys, Tensor values) {
  const Tensor items[] = {std::move(keys), std::move(values)};
  Tensor out = container(DataType::kMap, items);
  out.elements_ = map_type(items[0].type(), items[1].type()).elements;
  return out;
}

Tensor Tensor::borrow(DataType type, Dims dims, const void* data, std::shared_ptr<const void> owner) {
  Tensor out;
  const auto count = bolide::element_count(dims);
  out.dtype_ = type;
  out.count_ = count ? *count : 0;
  out.dims_ = std::move(dims);
  out.data_ = const_cast<std::byte*>(static_cast<const std::byte*>(data));
  out.owner_ = std::move(owner);
  return out;
}

Result<Tensor> Tensor::reshaped(Dims dims) const {
  TRY(const std::int64_t count, bolide::element_count(dims));
  if (count != count_) {
    return invalid_argument("a tensor of sizes ", dims_, " has ", count_, " elements, the new sizes ", dims, " have ",
                            count);
  }
  Tensor out = *this;
  out.dims_ = std::move(dims);
  return out;
}

Tensor Tensor::reinterpreted(DataType type) const {
  Tensor out = *this;
  out.dtype_ = type;
  return out;
}

bool Tensor::operator==(const Tensor& other) const {
  if (dtype_ != other.dtype_ || dims_ != other.dims_) return false;
  if (data_ == other.data_ || count_ == 0) return true;
  if (dtype_ == DataType::kString) return std::ranges::equal(span<std::string>(), other.span<std::string>());
  if (is_container(dtype_)) return std::ranges::equal(items(), other.items());
  const std::size_t bits = static_cast<std::size_t>(count_) * static_cast<std::size_t>(bit_width(dtype_));
  if (std::memcmp(data_, other.data_, bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::byte>((1U << (bits % 8)) - 1);  // padding bits do not count
  return ((data_[bits / 8] ^ other.data_[bits / 8]) & mask) == std::byte{0};
}

Dims contiguous_strides(std::span<const std::int64_t> dims) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    if (__builtin_mul_overflow(stride, std::max<std::int64_t>(dims[i], 1), &stride)) stride = Dim::kTooLarge;
  }
  return strides;
}

Result<Dims> to_i64(const Tensor& tensor) {
  if (!is_integer(tensor.dtype()) && tensor.dtype() != DataType::kBool) {
    return invalid_argument("expected integers, got a tensor of ", tensor.dtype());
  }
  if (tensor.dtype() == DataType::kU64) {
    for (const std::uint64_t value : tensor.span<std::uint64_t>()) {
      if (value > INT64_MAX) return invalid_argument("the u64 value ", value, " does not fit i64");
    }
  }
  TRY(const Tensor wide, cast(tensor, DataType::kI64));
  const auto values = wide.span<std::int64_t>();
  return Dims(values.begin(), values.end());
}

Result<std::vector<double>> to_f64(const Tensor& tensor) {
  const DataType type = tensor.dtype();
  if (!is_integer(type) && !is_float(type) && type != DataType::kBool) {
    return invalid_argument("expected real numbers, got a tensor of ", type);
  }
  TRY(const Tensor wide, cast(tensor, DataType::kF64));
  const auto values = wide.span<double>();
  return std::vector<double>(values.begin(), values.end());
}

Result<double> scalar_f64(const Tensor& tensor) {
  if (tensor.count() != 1) {
    return invalid_argument("expected one element, got sizes ", tensor.dims());
  }
  TRY(const std::vector<double> values, to_f64(tensor));
  return values[0];
}

}  // namespace bolide
