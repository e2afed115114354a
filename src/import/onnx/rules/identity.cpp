#include "ops/identity.h"

#include "import/onnx/rules/all.h"
#include "ops/expand.h"
#include "ops/shape.h"

namespace bolide::onnx {

/// ONNX Identity; of a constant it is the constant itself.
Result<Values> import_identity(OnnxNodeView& node, Builder& build) {
  if (node.constant(0) != nullptr) return Values{node.in(0)};
  TRY(const ValueId y, build.add(Identity{}, {node.in(0)}));
  return Values{y};
}

/// y = x, and a mask that keeps everything.
Result<Values> identity_and_mask(OnnxNodeView& node, Builder& build, bool is_bool) {
  TRY(Values out, import_identity(node, build));
  if (!node.has_output(1)) return out;
  TRY(const ValueId one, build.scalar(is_bool ? DataType::kBool : node.dtype(0), 1));
  TRY(const ValueId sizes, build.add(ShapeOf{}, {node.in(0)}));
  TRY(const ValueId mask, build.add(Expand{}, {one, sizes}));
  out.push_back(mask);
  return out;
}

/// ONNX Dropout, operator sets 1 to 11, at inference: y = x. The mask is bool since 10, before of x's dtype.
Result<Values> import_dropout_1(OnnxNodeView& node, Builder& build) {
  for (const std::string_view attribute : {"consumed_inputs", "is_test", "ratio", "seed"}) node.ignore(attribute);
  return identity_and_mask(node, build, node.version() >= 10);
}

}  // namespace bolide::onnx
