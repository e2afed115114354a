#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/microsoft.h"
#include "import/onnx/rules/quantize.h"
#include "ops/arithmetic.h"
#include "ops/layer_normalization.h"

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
  if (simplified) {
    ValueId mean = kNoValue;
    ValueId inverse = kNoValue;  // 1 / sqrt(mean of squares + epsilon)
    if (node.has_output(1) || node.has_output(2)) {
      const ValueId wide = f.cast(sum, DataType::kF32);
      mean = f.reduce(ReduceKind::kMean, wide, {-1}, true);
      const ValueId squares = f.reduce(ReduceKind::kMean, f.mul(wide, wide), {-1}, true);
      inverse = f.op(Reciprocal{}, {f.op(Sqrt{}, {f.add(squares, epsilon)})});
    }
    return f.result({f.op(RMSNormalization{.epsilon = epsilon}, {sum, node.in(2)}), mean, inverse, sum});
  }
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

namespace {

/// What both forms of the embedding layer read; kNoValue where something is left out.
struct Embedding {
  ValueId ids = kNoValue;  ///< [b, s]
  ValueId segment_ids = kNoValue;
  ValueId words = kNoValue;  ///< the tables are [rows, hidden]
  ValueId positions = kNoValue;
  ValueId segments = kNoValue;
  ValueId gamma = kNoValue;
  ValueId beta = kNoValue;
  ValueId mask = kNoValue;  ///< [b, s]
  ValueId position_ids = kNoValue;
};

/// words[ids] + positions[position_ids] + segments[segment_ids], normalized; how many ones each row of the mask has (0
/// without a mask); the sum.
Result<Values> embedded(OnnxNodeView& node, Formula& f, const Embedding& from) {
  const float epsilon = node.number("epsilon", 1e-12F);
  const ValueId places = from.position_ids != kNoValue ? from.position_ids : f.range(f.size(from.ids, 1));
  ValueId sum = f.add(f.gather(from.words, from.ids, 0), f.gather(from.positions, places, 0));
  if (from.segment_ids != kNoValue) sum = f.add(sum, f.gather(from.segments, from.segment_ids, 0));
  const ValueId y = f.op(LayerNormalization{.epsilon = epsilon}, {sum, from.gamma, from.beta});
  ValueId count = kNoValue;
  if (node.has_output(1)) {
    const ValueId mask = from.mask != kNoValue ? from.mask : f.mul(from.ids, 0.0);
    count = f.cast(f.reduce(ReduceKind::kSum, mask, {1}), DataType::kI32);
  }
  return f.result({y, count, sum});
}

}  // namespace

/// EmbedLayerNormalization of com.microsoft: inputs input_ids [b, s], segment_ids, words, positions, segments, gamma,
/// beta, mask [b, s], position_ids, of which segment_ids with segments and the last two are optional.
Result<Values> import_embed_layer_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("mask_index_type");
  Formula f(build);
  return embedded(node, f,
                  {.ids = node.in(0),
                   .segment_ids = node.in(1),
                   .words = node.in(2),
                   .positions = node.in(3),
                   .segments = node.in(4),
                   .gamma = node.in(5),
                   .beta = node.in(6),
                   .mask = node.in(7),
                   .position_ids = node.in(8)});
}

/// QEmbedLayerNormalization of com.microsoft: the same with tables, gamma and beta of codes; their scales are inputs 8
/// to 12, their zero points 13 to 17.
Result<Values> import_q_embed_layer_normalization(OnnxNodeView& node, Builder& build) {
  Formula f(build);
  const auto real = [&](std::size_t i) {
    const ValueId codes = node.in(i);
    if (codes == kNoValue || f.failed()) return kNoValue;
    return f.take(dequantized(build, codes, node.in(i + 6), node.in(i + 11)));
  };
  return embedded(node, f,
                  {.ids = node.in(0),
                   .segment_ids = node.in(1),
                   .words = real(2),
                   .positions = real(3),
                   .segments = real(4),
                   .gamma = real(5),
                   .beta = real(6),
                   .mask = node.in(7)});
}

}  // namespace bolide::onnx
