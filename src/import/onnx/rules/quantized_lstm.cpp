#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/microsoft.h"
#include "import/onnx/rules/quantize.h"
#include "import/onnx/rules/same.h"
#include "ops/quantize.h"
#include "ops/recurrent.h"

namespace bolide::onnx {
namespace {

/// Weights [directions, inputs, 4 hidden] of codes as f32 [directions, 4 hidden, inputs]. Scale and zero point are
/// [directions], or [directions, 4 hidden].
ValueId weights(Formula& f, const OnnxNodeView& node, std::size_t codes, std::size_t scale) {
  const auto spread = [&](ValueId x) { return f.rank(x) == 2 ? f.unsqueeze(x, {1}) : f.unsqueeze(x, {1, 2}); };
  const ValueId zero = spread(f.cast(node.in(scale + 1), DataType::kF32));
  const ValueId centred = f.sub(f.cast(node.in(codes), DataType::kF32), zero);
  return f.transpose(f.mul(centred, spread(node.in(scale))), {0, 2, 1});
}

}  // namespace

/// DynamicQuantizeLSTM of com.microsoft: LSTM with weights W and R of codes (inputs 8 to 11: scale and zero point of
/// W and of R), x rounded to u8 by its range. The state is not rounded between steps.
Result<Values> import_dynamic_quantize_lstm(OnnxNodeView& node, Builder& build) {
  if (node.input_count() != 12 || !node.has_input(0) || !node.has_input(1) || !node.has_input(2)) {
    return invalid_argument("it has ", node.input_count(), " inputs, 12 are needed");
  }
  node.ignore("hidden_size");
  Formula f(build);
  const Values codes = f.op(DynamicQuantizeLinear{}, {node.in(0)}, 3);
  TRY_OK(f.status());
  const ValueId x = f.take(dequantized(build, codes[0], codes[1], codes[2]));
  Values inputs = {x, weights(f, node, 1, 8), weights(f, node, 2, 10)};
  for (std::size_t i = 3; i < 8; ++i) inputs.push_back(node.in(i));
  while (inputs.back() == kNoValue && inputs.size() > 3) inputs.pop_back();
  return f.result(f.op(with_attributes(LSTM{}, node), inputs, std::max<std::size_t>(node.output_count(), 1)));
}

}  // namespace bolide::onnx
