/// Sparse initializers as dense tensors.
#pragma once

#include "import/onnx/tensor_data.h"

namespace bolide::onnx {

/// Errors: those of to_tensor; BadFile for indices that are no i64, out of range or of the wrong shape; OutOfMemory for
/// more than 2^31 elements.
Result<Tensor> to_dense(const OnnxSparseTensor& from, const ExternalData& external);

}  // namespace bolide::onnx
