#include "import/onnx/rules/all.h"
#include "import/onnx/sparse.h"

namespace bolide::onnx {

/// ONNX Constant: the value stands in exactly one of its attributes.
Result<Values> import_constant(OnnxNodeView& node, Builder& build) {
  Tensor tensor;
  // Some files have a sparse tensor as `value`.
  const bool misplaced = node.kind_of("value") == OnnxAttribute::Kind::kSparseTensor;
  if (node.has("value") && !misplaced) {
    TRY(tensor, node.tensor("value"));
  } else if (misplaced || node.has("sparse_value")) {
    const std::string_view name = misplaced ? "value" : "sparse_value";
    const OnnxAttribute* sparse = node.attribute(name, OnnxAttribute::Kind::kSparseTensor);
    if (sparse == nullptr || sparse->sparse_tensors.empty()) return bad_file("attribute '", name, "' is empty");
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
