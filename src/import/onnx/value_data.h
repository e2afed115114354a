/// Values in files of their own (`input_0.pb` of a test folder): TensorProto, SparseTensorProto (made dense),
/// SequenceProto, OptionalProto, MapProto.
#pragma once

#include "import/onnx/tensor_data.h"

namespace bolide::onnx {

/// The value in `file`, which does not tell its own kind: `type` does. Tensors of any dtype and sizes are taken; what a
/// container holds must fit its type. Errors: BadFile; those of read_tensor and to_tensor.
Result<Tensor> read_value(const std::shared_ptr<const MappedFile>& file, const TensorType& type);
/// The same from memory that `owner` keeps alive (null: the caller does).
Result<Tensor> read_value(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const TensorType& type);

}  // namespace bolide::onnx
