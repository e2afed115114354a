/// Writing ONNX files from the structs of model.h.
///
/// What was read comes out with the same meaning (unknown fields are lost). Typed tensor data is written packed. The
/// whole must stay under 2 GiB, where protobuf readers elsewhere stop; weights beyond that go to external data files,
/// which the caller writes. Attributes with a `ref_attr_name` carry their kind and no value.
#pragma once

#include "import/onnx/model.h"
#include "tensor/tensor.h"

namespace bolide::onnx {

/// A ModelProto.
std::string write_model(const OnnxModel& model);
/// A TensorProto, as in the `input_0.pb` of a test folder.
std::string write_tensor(const OnnxTensor& tensor);
std::string write_tensor(const Tensor& tensor, std::string_view name);

}  // namespace bolide::onnx
