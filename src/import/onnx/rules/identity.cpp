#include "ops/identity.h"

#include "import/onnx/rules/all.h"

namespace bolide::onnx {

/// ONNX Identity; of a constant it is the constant itself.
Result<Values> import_identity(OnnxNodeView& node, Builder& build) {
  if (node.constant(0) != nullptr) return Values{node.in(0)};
  TRY(const ValueId y, build.add(Identity{}, {node.in(0)}));
  return Values{y};
}

/// ONNX Dropout, operator sets 1 to 11, at inference: y = x. The mask is not available.
Result<Values> import_dropout_1(OnnxNodeView& node, Builder& build) {
  for (const std::string_view attribute : {"consumed_inputs", "is_test", "ratio", "seed"}) node.ignore(attribute);
  return import_identity(node, build);
}

/// ONNX Dropout, operator set 12 and later: y = x unless `training_mode`.
Result<Values> import_dropout(OnnxNodeView& node, Builder& build) {
  node.ignore("seed");
  if (node.has_input(2)) {
    TRY(const double training, node.number_of(2, "training_mode"));
    if (training != 0) return unsupported("training_mode is on; export the model for inference (model.eval())");
  }
  return import_identity(node, build);
}

}  // namespace bolide::onnx
