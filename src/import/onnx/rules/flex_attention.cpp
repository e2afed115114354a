#include "import/onnx/rules/all.h"
#include "import/onnx/rules/attention.h"
#include "ops/softmax.h"

namespace bolide::onnx {

/// ONNX FlexAttention-1 (ai.onnx.preview): y = prob_mod(softmax(score_mod(q k^T * scale))) v, where the modifiers are
/// graphs of one input and one output of the same type; they work in `softmax_precision` (f64 for f64, else f32).
Result<Values> import_flex_attention(OnnxNodeView& node, Builder& build) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!node.has_input(i) || node.rank(i) != 4) return invalid_argument("inputs Q, K and V of rank 4 are needed");
  }
  Formula f(build);
  const DataType dtype = node.dtype(0);
  TRY(const DataType precision,
      node.data_type("softmax_precision", dtype == DataType::kF64 ? DataType::kF64 : DataType::kF32));
  const auto modified = [&](std::string_view attribute, ValueId x) {
    const OnnxGraph* body = node.graph(attribute);
    if (body == nullptr || f.failed()) return x;
    const Result<Values> outputs = build.inline_body(*body, {x});
    if (!outputs) return f.fail(outputs.error()), kNoValue;
    if (outputs->size() == 1 && build.type(outputs->front()) == build.type(x)) return outputs->front();
    return f.fail(invalid_argument("attribute '", attribute, "' does not keep the type ", build.type(x))), kNoValue;
  };
  const double scale = scale_of(node, f, node.in(0));
  const ValueId k = repeat_heads(f, node.in(1), node.in(0));
  const ValueId v = repeat_heads(f, node.in(2), node.in(0));
  const ValueId scores = modified("score_mod", f.cast(attention_scores(f, node.in(0), k, scale), precision));
  const ValueId weights = modified("prob_mod", f.op(Softmax{}, {scores}));
  return f.result({f.matmul(f.cast(weights, dtype), v)});
}

}  // namespace bolide::onnx
