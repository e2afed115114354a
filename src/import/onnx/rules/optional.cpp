#include "ops/optional.h"

#include "import/onnx/rules/all.h"

namespace bolide::onnx {

/// ONNX Optional; the attribute says what one without input would hold.
Result<Values> import_optional(OnnxNodeView& node, Builder& build) {
  MakeOptional op;
  if (const OnnxAttribute* type = node.attribute("type", OnnxAttribute::Kind::kType); type && !type->types.empty()) {
    const OnnxType* held = type->types.data();
    op.sequence = held->kind == OnnxType::Kind::kSequence;
    if (op.sequence && !held->element.empty()) held = held->element.data();
    const auto dtype = from_onnx_type(held->elem_type);
    if (held->kind != OnnxType::Kind::kTensor || !dtype)
      return unsupported("attribute 'type' is no tensor or sequence");
    op.dtype = *dtype;
  } else if (!node.has_input(0)) {
    return bad_file("attribute 'type' is missing, and there is no input");
  }
  return build.add_node(op, node.has_input(0) ? Values{node.in(0)} : Values{}, 1);
}

}  // namespace bolide::onnx
