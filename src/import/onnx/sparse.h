/// Sparse tensors of a file as dense ones: Bolide computes with dense tensors only.
#pragma once

#include "import/onnx/tensor_data.h"

namespace bolide::onnx {

/// Values of any dtype; indices into the flattened form [values], or coordinates [values, rank]. They need not ascend.
/// Errors: those of to_tensor; BadFile for indices that are no i64, out of range, of the wrong shape or there twice;
/// OutOfMemory for a dense form of more than 2 GiB.
Result<Tensor> to_dense(const OnnxSparseTensor& from, const ExternalData& external);

}  // namespace bolide::onnx
