#include "import/onnx/rules/all.h"
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/layer_normalization.h"

namespace bolide::onnx {

/// SkipLayerNormalization of com.microsoft: LayerNormalization(input + skip + bias) * gamma + beta over the last axis;
/// inputs input, skip, gamma, beta, bias, the last two optional; output 3 is the sum.
Result<Values> import_skip_layer_normalization(OnnxNodeView& node, Builder& build) {
  const float epsilon = node.number("epsilon", 1e-12F);
  if (node.has_output(1) || node.has_output(2)) return unsupported("mean and inverse deviation are not available");
  TRY(ValueId sum, build.add(Add{}, {node.in(0), node.in(1)}));
  if (node.has_input(4)) {
    TRY(sum, build.add(Add{}, {sum, node.in(4)}));
  }
  Values inputs = {sum, node.in(2)};
  if (node.has_input(3)) inputs.push_back(node.in(3));
  TRY(const ValueId y, build.add(LayerNormalization{.axis = -1, .epsilon = epsilon}, std::move(inputs)));
  return Values{y, kNoValue, kNoValue, sum};
}

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
