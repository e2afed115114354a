// Operators of com.microsoft that are one or two lines of others.
#include "import/onnx/rules/activation.h"
#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/microsoft.h"
#include "ops/activation.h"
#include "ops/matmul.h"
#include "ops/normalization.h"
#include "ops/quantize.h"
#include "ops/softmax.h"

namespace bolide::onnx {

/// BiasAdd: x + bias + skip.
Result<Values> import_bias_add(OnnxNodeView& node, Builder& build) {
  Formula f(build);
  return f.result({f.add(f.add(node.in(0), node.in(1)), node.in(2))});
}

/// BiasSoftmax: Softmax(x + bias) over all axes from `axis` on. The bias has the sizes of x but for leading ones; with
/// is_inner_broadcast 0 its first axis is repeated for the batch.
Result<Values> import_bias_softmax(OnnxNodeView& node, Builder& build) {
  const std::int64_t axis = node.integer("axis", 1);
  const bool inner = node.flag("is_inner_broadcast", true);
  Formula f(build);
  const std::int64_t rank = f.rank(node.in(0));
  if (axis != -1 && axis != rank - 1) return unsupported("attribute 'axis' is ", axis, "; the last axis works");
  if (!inner && f.rank(node.in(1)) != rank) return unsupported("attribute 'is_inner_broadcast' is 0");
  return f.result({f.op(Softmax{.axis = -1}, {f.add(node.in(0), node.in(1))})});
}

/// GemmFastGelu: Gelu(x W + bias) in its tanh form.
Result<Values> import_gemm_fast_gelu(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  Formula f(build);
  ValueId y = f.op(MatMul{.out = node.dtype(0)}, {node.in(0), node.in(1)});
  if (node.has_input(2)) y = f.add(y, node.in(2));
  return f.result({f.op(Gelu{.approximate = GeluForm::kTanh}, {y})});
}

/// FusedMatMulActivation: activation(FusedMatMul(A, B)).
Result<Values> import_fused_matmul_activation(OnnxNodeView& node, Builder& build) {
  node.ignore("activation_axis");
  TRY(const Values y, import_fused_matmul(node, build));
  return with_activation(node, build, y[0]);
}

/// CDist: the distance of each row of A [m, n] from each row of B [k, n]: 'euclidean' or 'sqeuclidean'.
Result<Values> import_c_dist(OnnxNodeView& node, Builder& build) {
  const std::string metric = node.text("metric", "sqeuclidean");
  if (metric != "euclidean" && metric != "sqeuclidean") return unsupported("attribute 'metric' is '", metric, "'");
  Formula f(build);
  const ValueId apart = f.sub(f.unsqueeze(node.in(0), {1}), f.unsqueeze(node.in(1), {0}));
  return f.result({f.reduce(metric == "euclidean" ? ReduceKind::kL2 : ReduceKind::kSumSquare, apart, {2})});
}

/// GroupNorm, and SkipGroupNorm: the same of x + skip + bias, which is output 1. Channels are last unless told
/// otherwise; activation 1 is x * sigmoid(x).
Result<Values> import_group_norm(OnnxNodeView& node, Builder& build) {
  const GroupNormalization norm{.groups = node.integer("groups", 1), .epsilon = node.number("epsilon", 1e-5F)};
  const bool channels_last = node.integer("channels_last", 1) != 0;
  const std::int64_t activation = node.integer("activation", 0);
  Formula f(build);
  ValueId x = node.in(0);
  if (node.op_type() == "SkipGroupNorm") {
    if (f.rank(node.in(3)) != f.rank(x)) return unsupported("a skip ", f.type(node.in(3)), " for ", f.type(x));
    x = f.add(x, node.in(3));
    if (node.has_input(4)) {
      const ValueId bias = channels_last ? node.in(4) : f.reshape(node.in(4), {1, -1, 1, 1});
      x = f.add(x, bias);
    }
  }
  const ValueId planes = channels_last ? f.move_axis(x, -1, 1) : x;
  ValueId y = f.op(norm, {planes, f.cast(node.in(1), f.dtype(x)), f.cast(node.in(2), f.dtype(x))});
  if (activation == 1) y = f.op(Silu{}, {y});
  return f.result({channels_last ? f.move_axis(y, 1, -1) : y, x});
}

/// ExpandDims: a new axis of size 1 at a known place.
Result<Values> import_expand_dims(OnnxNodeView& node, Builder& build) {
  TRY(const Dims axis, node.integers_of(1, "axis"));
  Formula f(build);
  return f.result({f.unsqueeze(node.in(0), axis)});
}

/// GatherBlockQuantized: rows of codes by index, times their scales; blocks along the last axis. Codes of u8 hold
/// 8 / bits numbers each, with the zero point 2^(bits - 1) unless there is another.
Result<Values> import_gather_block_quantized(OnnxNodeView& node, Builder& build) {
  const std::int64_t bits = node.integer("bits", 4);
  const std::int64_t block = node.integer("block_size", 128);
  const std::int64_t gather_axis = node.integer("gather_axis", 0);
  const std::int64_t axis = node.integer("quantize_axis", 1);
  if (!node.has_input(0) || !node.has_input(2)) return invalid_argument("inputs data, indices and scales are needed");
  const std::int64_t rank = node.rank(0);
  const bool last = axis == rank - 1 || axis == -1;
  if (!last || gather_axis != 0 || node.dtype(0) == DataType::kU8) {
    return unsupported("blocks along axis ", axis, ", rows along axis ", gather_axis, ", codes ", node.type(0), " of ",
                       bits, " bits; 4-bit codes with rows along axis 0 and blocks along the last work");
  }
  Formula f(build);
  Values inputs;
  for (const std::size_t i : {0U, 2U, 3U}) {
    if (node.has_input(i)) inputs.push_back(f.gather(node.in(i), node.in(1), 0));
  }
  const std::int64_t out_axis = f.rank(inputs[0]) - 1;
  return f.result({f.op(DequantizeLinear{.axis = out_axis, .block_size = block, .out = f.dtype(node.in(2))}, inputs)});
}

}  // namespace bolide::onnx
