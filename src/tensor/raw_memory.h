/// Memory of tensors: blocks that were freed before, and tensors that nobody has filled yet.
#pragma once

#include "tensor/tensor.h"

namespace bolide {

/// `bytes` bytes from `start` on, aligned to 64, for as long as the result or a copy of it lives. Large blocks are
/// those that were freed not long ago, where one of that size is there. Without `zero` their contents are nobody's
/// promise. Null when there is no memory. Any thread.
std::shared_ptr<const void> allocate_bytes(std::size_t bytes, bool zero, std::byte*& start);

/// Tensor::allocate() for what is written throughout: its contents are nobody's promise. Strings and containers are
/// empty, elements that share bytes 0. Errors: as Tensor::allocate().
Result<Tensor> raw_tensor(DataType type, Dims dims);

}  // namespace bolide
