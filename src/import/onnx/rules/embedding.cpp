#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/microsoft.h"
#include "ops/arithmetic.h"
#include "ops/gather.h"
#include "ops/layer_normalization.h"
#include "ops/reduce.h"

namespace bolide::onnx {
namespace {

/// input + skip + bias, the bias being optional.
ValueId skip_sum(Formula& f, ValueId input, ValueId skip, ValueId bias) {
  const ValueId sum = f.op(Add{}, {input, skip});
  return bias == kNoValue ? sum : f.op(Add{}, {sum, bias});
}

}  // namespace

/// SkipLayerNormalization of com.microsoft: LayerNormalization(input + skip + bias) * gamma + beta over the last axis;
/// inputs input, skip, gamma, beta, bias, the last two optional. SkipSimplifiedLayerNormalization: RMSNormalization
/// with the inputs input, skip, gamma and bias. Output 3 is the sum; outputs 1 and 2 are for training.
Result<Values> import_skip_layer_normalization(OnnxNodeView& node, Builder& build) {
  const float epsilon = node.number("epsilon", 1e-12F);
  const bool simplified = node.op_type() == "SkipSimplifiedLayerNormalization";
  Formula f(build);
  const ValueId sum = skip_sum(f, node.in(0), node.in(1), node.in(simplified ? 3 : 4));
  if (simplified)
    return f.result({f.op(RMSNormalization{.epsilon = epsilon}, {sum, node.in(2)}), kNoValue, kNoValue, sum});
  const Values y = f.op(LayerNormalization{.epsilon = epsilon}, {sum, node.in(2), node.in(3)},
                        node.has_output(1) || node.has_output(2) ? 3 : 1);
  return f.result({y[0], y.size() > 1 ? y[1] : kNoValue, y.size() > 1 ? y[2] : kNoValue, sum});
}

/// SimplifiedLayerNormalization: RMSNormalization under another name.
Result<Values> import_simplified_layer_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("stash_type");
  Formula f(build);
  const RMSNormalization norm{.axis = node.integer("axis", -1), .epsilon = node.number("epsilon", 1e-5F)};
  return f.result({f.op(norm, {node.in(0), node.in(1)})});
}

/// EmbedLayerNormalization of com.microsoft: words[ids] + positions[position_ids] + segments[segment_ids], normalized;
/// inputs input_ids [b, s], segment_ids, words, positions, segments, gamma, beta, mask [b, s], position_ids, of which
/// segment_ids with segments and the last two are optional. Output 1 counts the ones of each row of the mask (0
/// without), output 2 is the sum.
Result<Values> import_embed_layer_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("mask_index_type");
  const float epsilon = node.number("epsilon", 1e-12F);
  Formula f(build);
  const ValueId ids = node.in(0);
  ValueId positions = node.in(8);
  if (positions == kNoValue) {  // 0, 1, ..., s - 1 in every row
    positions = f.range(f.size(ids, 1));
  }
  ValueId sum = f.op(Add{}, {f.op(Gather{}, {node.in(2), ids}), f.op(Gather{}, {node.in(3), positions})});
  if (node.has_input(1)) sum = f.op(Add{}, {sum, f.op(Gather{}, {node.in(4), node.in(1)})});
  const ValueId y = f.op(LayerNormalization{.epsilon = epsilon}, {sum, node.in(5), node.in(6)});
  ValueId count = kNoValue;
  if (node.has_output(1)) {
    const Reduce total{.kind = ReduceKind::kSum, .axes = {1}, .keepdims = false};
    const ValueId mask = node.has_input(7) ? node.in(7) : f.op(Mul{}, {ids, f.number(f.type(ids).dtype, 0)});
    count = f.cast(f.op(total, {mask}), DataType::kI32);
  }
  return f.result({y, count, sum});
}

}  // namespace bolide::onnx
