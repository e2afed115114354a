#include <bolide/tensor.h>

#include "tensor/tensor.h"

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

}  // namespace bolide
