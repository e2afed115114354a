#include "import/onnx/rules/all.h"
#include "import/onnx/rules/microsoft.h"
#include "ops/activation.h"
#include "ops/arithmetic.h"

namespace bolide::onnx {

/// BiasGelu and FastGelu of com.microsoft: Gelu(x + bias), the second by its tanh form and with an optional bias.
Result<Values> import_bias_gelu(OnnxNodeView& node, Builder& build) {
  ValueId x = node.in(0);
  if (node.has_input(1)) {
    TRY(x, build.add(Add{}, {x, node.in(1)}));
  }
  const Gelu gelu{.approximate = node.op_type() == "FastGelu" ? GeluForm::kTanh : GeluForm::kExact};
  TRY(const ValueId y, build.add(gelu, {x}));
  return Values{y};
}

}  // namespace bolide::onnx
