#include <bolide/tensor.h>

#include "tensor/number.h"

namespace bolide {

Result<HostTensor> HostTensor::make(DataType type, Dims dims) {
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
  const Tensor view = Tensor::borrow(dtype_, dims_, data_.get(), nullptr);
  TRY(const Tensor tensor, cast(view, type));
  TRY(HostTensor result, make(type, dims_));
  if (result.bytes_ > 0) std::memcpy(result.data(), tensor.data(), result.bytes_);
  return result;
}

}  // namespace bolide
