#include "import/onnx/rules/all.h"
#include "import/onnx/sparse.h"

namespace bolide::onnx {

/// ONNX Constant: the value stands in exactly one of its attributes.
Result<Values> import_constant(OnnxNodeView& node, Builder& build) {
  Tensor tensor;
  if (node.has("value")) {
    TRY(tensor, node.tensor("value"));
  } else if (node.has("sparse_value")) {
    const OnnxAttribute* sparse = node.attribute("sparse_value", OnnxAttribute::Kind::kSparseTensor);
    if (sparse == nullptr || sparse->sparse_tensors.empty()) return bad_file("attribute 'sparse_value' is empty");
    TRY(tensor, to_dense(sparse->sparse_tensors.front(), node.external()));
  } else if (node.has("value_float")) {
    tensor = Tensor::scalar(node.number("value_float", 0));
  } else if (node.has("value_floats")) {
    tensor = Tensor::of<float>(node.numbers("value_floats"));
  } else if (node.has("value_int")) {
    tensor = Tensor::scalar(node.integer("value_int", 0));
  } else if (node.has("value_ints")) {
    tensor = Tensor::of<std::int64_t>(node.integers("value_ints"));
  } else if (node.has("value_string")) {
    tensor = Tensor::scalar(node.text("value_string", ""));
  } else if (node.has("value_strings")) {
    tensor = Tensor::of<std::string>(node.texts("value_strings"));
  } else {
    return bad_file(
        "none of the attributes value, sparse_value, value_float, value_floats, value_int, value_ints, "
        "value_string and value_strings is there");
  }
  return Values{build.constant("value", std::move(tensor))};
}

}  // namespace bolide::onnx
