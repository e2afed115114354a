#include "ops/normalization.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "ops/arithmetic.h"
#include "ops/cast.h"
#include "ops/gather.h"
#include "ops/layer_normalization.h"
#include "ops/reduce.h"
#include "ops/unary_math.h"

namespace bolide::onnx {

Result<Values> import_instance_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  TRY(const ValueId y, build.add(InstanceNormalization{.epsilon = node.number("epsilon", 1e-5F)}, node.inputs()));
  return Values{y};
}

/// ONNX LayerNormalization and RMSNormalization; `stash_type` is the type of the outputs mean and deviation, which are
/// computed in f64. Before operator set 17 the operator was ONNX Runtime's own, whose scale may have another dtype than
/// X; Y has that one. A stash_type of 0 (no dtype) is read as X's.
Result<Values> import_layer_normalization(OnnxNodeView& node, Builder& build) {
  DataType stash = node.has_input(0) ? node.dtype(0) : DataType::kF32;
  if (node.integer("stash_type", 1) != 0) {
    TRY(stash, node.data_type("stash_type", DataType::kF32));
  }
  TRY(Values out, import_same(node, build));
  if (node.version() < 17 && node.has_input(1) && node.dtype(1) != node.dtype(0)) {
    TRY(out[0], build.add(Cast{.to = node.dtype(1)}, {out[0]}));
  }
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (out[i] == kNoValue || build.type(out[i]).dtype == stash) continue;
    TRY(out[i], build.add(Cast{.to = stash}, {out[i]}));
  }
  return out;
}

/// ONNX GroupNormalization, operator sets 18 to 20: scale and bias have one number a group.
///   y = (x - mean) / sqrt(var + epsilon) * scale + bias, repeated for the C / num_groups channels of each group
Result<Values> import_group_normalization_18(OnnxNodeView& node, Builder& build) {
  const std::int64_t groups = node.integer("num_groups", 1);
  const float epsilon = node.number("epsilon", 1e-5F);
  if (!node.has_input(2)) return invalid_argument("inputs X, scale and bias are needed");
  const auto channels = node.rank(0) < 2 ? std::nullopt : node.shape(0)[1].constant();
  if (!channels || *channels > (1 << 24) || groups < 1 || *channels % groups != 0) {
    return invalid_argument("attribute 'num_groups' is ", groups, " for the input ", node.type(0));
  }
  Dims group_of(static_cast<std::size_t>(*channels));
  for (std::int64_t c = 0; c < *channels; ++c) group_of[static_cast<std::size_t>(c)] = c / (*channels / groups);
  const ValueId indices = build.integers("groups", group_of);
  Values inputs = {node.in(0)};
  for (std::size_t i = 1; i <= 2; ++i) {
    TRY(const ValueId one_each, build.add(Gather{}, {node.in(i), indices}));
    inputs.push_back(one_each);
  }
  TRY(const ValueId y, build.add(GroupNormalization{.groups = groups, .epsilon = epsilon}, inputs));
  return Values{y};
}

/// ONNX GroupNormalization, operator set 21 and later: scale and bias have one number a channel.
Result<Values> import_group_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("stash_type");
  TRY(const ValueId y,
      build.add(GroupNormalization{.groups = node.integer("num_groups", 1), .epsilon = node.number("epsilon", 1e-5F)},
                node.inputs()));
  return Values{y};
}

/// MeanVarianceNormalization of operator sets 1 to 8, an experiment: over each plane, or with `across_channels` each
/// picture; without `normalize_variance` only the mean is taken off.
Result<Values> import_mean_variance_normalization_1(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  Dims axes;
  for (std::int64_t axis = node.flag("across_channels") ? 1 : 2; axis < node.rank(0); ++axis) axes.push_back(axis);
  Formula f(build);
  const ValueId centred = f.sub(node.in(0), f.reduce(ReduceKind::kMean, node.in(0), axes, true));
  if (!node.flag("normalize_variance", true)) return f.result({centred});
  const ValueId variance = f.reduce(ReduceKind::kMean, f.mul(centred, centred), axes, true);
  return f.result({f.div(centred, f.add(f.op(Sqrt{}, {variance}), 1e-9))});
}

/// ONNX MeanVarianceNormalization-9: (x - mean) / (sqrt(mean of x^2 - mean^2) + 1e-9) over `axes` (default [0, 2, 3]).
Result<Values> import_mean_variance_normalization(OnnxNodeView& node, Builder& build) {
  const Reduce mean_of{.kind = ReduceKind::kMean, .axes = node.integers("axes", {0, 2, 3}), .keepdims = true};
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  const ValueId x = node.in(0);
  TRY(const ValueId mean, build.add(mean_of, {x}));
  TRY(const ValueId centred, build.add(Sub{}, {x, mean}));
  TRY(const ValueId squared, build.add(Mul{}, {centred, centred}));
  TRY(const ValueId variance, build.add(mean_of, {squared}));
  TRY(const ValueId deviation, build.add(Sqrt{}, {variance}));
  TRY(const ValueId epsilon, build.scalar(node.dtype(0), 1e-9));
  TRY(const ValueId divisor, build.add(Add{}, {deviation, epsilon}));
  TRY(const ValueId y, build.add(Div{}, {centred, divisor}));
  return Values{y};
}

}  // namespace bolide::onnx
