#include <bolide/tensor.h>

#include "api/host_tensor.h"
#include "tensor/number.h"

namespace bolide {

HostTensor HostTensor::Access::share(const Tensor& tensor) {
  HostTensor result;
  result.dtype_ = tensor.dtype();
  result.dims_ = tensor.dims();
  result.count_ = tensor.count();
  result.bytes_ = tensor.bytes();
  auto owner = std::make_shared<Tensor>(tensor);
  void* data = is_container(tensor.dtype()) ? static_cast<void*>(owner.get()) : owner->data();
  result.data_ = std::shared_ptr<void>(std::move(owner), data);
  return result;
}

Tensor HostTensor::Access::view(const HostTensor& host) {
  if (is_container(host.dtype_)) return *static_cast<const Tensor*>(host.data_.get());
  return Tensor::borrow(host.dtype_, host.dims_, host.data_.get(), host.data_);
}

namespace {

/// The type of items of a sequence or optional: what they have in common.
Result<TensorType> item_type(DataType dtype, std::span<const Tensor> items) {
  if (items.empty()) return TensorType{dtype, {}, nullptr, false};
  int sizes = 0;
  const TensorType first = sequence_type(items[0].type(), Dim("n"));
  TensorType type = first;
  for (const Tensor& item : items) {
    if (item.dtype() != dtype) return invalid_argument("an item is ", item.dtype(), " among values of ", dtype);
    TRY(type, common_type(type, sequence_type(item.type(), Dim("n")),
                          [&sizes] { return Dim(strings::join("size_", ++sizes)); }));
  }
  return type.element();
}

}  // namespace

Result<HostTensor> HostTensor::sequence(DataType element, std::span<const HostTensor> items) {
  std::vector<Tensor> inner;
  for (const HostTensor& item : items) inner.push_back(Access::view(item));
  TRY(TensorType type, item_type(element, inner));
  return Access::share(Tensor::sequence(std::move(type), inner));
}

Result<HostTensor> HostTensor::optional(DataType element, const HostTensor* value) {
  std::vector<Tensor> inner;
  if (value != nullptr) inner.push_back(Access::view(*value));
  TRY(TensorType type, item_type(element, inner));
  return Access::share(Tensor::optional(std::move(type), inner.empty() ? nullptr : inner.data()));
}

Result<HostTensor> HostTensor::map(const HostTensor& keys, const HostTensor& values) {
  if (keys.dims_.size() != 1 || values.dims_.size() != 1 || keys.count_ != values.count_) {
    return invalid_argument("a map of keys ", keys.dims_, " and values ", values.dims_,
                            ": both need one size, the same");
  }
  return Access::share(Tensor::map(Access::view(keys), Access::view(values)));
}

std::vector<HostTensor> HostTensor::items() const {
  std::vector<HostTensor> result;
  if (!is_container(dtype_)) return result;
  for (const Tensor& item : Access::view(*this).items()) result.push_back(Access::share(item));
  return result;
}

Result<HostTensor> HostTensor::make(DataType type, Dims dims) {
  if (is_container(type)) return invalid_argument("a ", type, " is made of items, not of sizes");
  TRY(Tensor tensor, Tensor::allocate(type, dims));
  HostTensor result;
  result.dtype_ = type;
  result.dims_ = std::move(dims);
  result.count_ = tensor.count();
  result.bytes_ = tensor.bytes();
  // The tensor that owns the memory lives as long as any copy of the result.
  auto owner = std::make_shared<Tensor>(std::move(tensor));
  result.data_ = std::shared_ptr<void>(owner, owner->data());
  return result;
}

Result<HostTensor> HostTensor::borrow(DataType type, Dims dims, void* data) {
  if (is_container(type)) return invalid_argument("a ", type, " is made of items, not of memory");
  TRY(const std::int64_t count, element_count(dims));
  if (data == nullptr && count > 0) return invalid_argument("a tensor of ", dims, " needs memory, null was given");
  HostTensor result;
  result.dtype_ = type;
  result.dims_ = std::move(dims);
  result.count_ = count;
  result.bytes_ = packed_bytes(type, count);
  result.data_ = std::shared_ptr<void>(data, [](void*) {});
  return result;
}

Result<HostTensor> HostTensor::converted(DataType type) const {
  TRY(const Tensor tensor, cast(Access::view(*this), type));
  return Access::share(tensor);
}

}  // namespace bolide
