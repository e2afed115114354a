#include "ops/normalization.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/sizes.h"
#include "ops/arithmetic.h"
#include "ops/cast.h"
#include "ops/gather.h"
#include "ops/layer_normalization.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/unary_math.h"

#include <algorithm>
#include <numeric>

namespace bolide::onnx {
namespace {

/// f32 for the 16-bit floats.
DataType widened(DataType dtype) { return bit_width(dtype) < 32 ? DataType::kF32 : dtype; }

Result<ValueId> as(Builder& build, ValueId x, DataType dtype) {
  if (build.type(x).dtype == dtype) return x;
  return build.add(Cast{.to = dtype}, {x});
}

/// (x - mean) / sqrt(var + epsilon) * scale + bias with statistics of the sizes of x without the batch.
Result<ValueId> normalized_by_position(Builder& build, Values inputs, float epsilon) {
  const DataType dtype = build.type(inputs[0]).dtype;
  const DataType wide = widened(dtype);
  for (ValueId& input : inputs) {
    TRY(input, as(build, input, wide));
  }
  TRY(const ValueId centred, build.add(Sub{}, {inputs[0], inputs[3]}));
  TRY(const ValueId floor, build.scalar(wide, epsilon));
  TRY(const ValueId variance, build.add(Add{}, {inputs[4], floor}));
  TRY(const ValueId deviation, build.add(Sqrt{}, {variance}));
  TRY(const ValueId quotient, build.add(Div{}, {centred, deviation}));
  TRY(const ValueId scaled, build.add(Mul{}, {quotient, inputs[1]}));
  TRY(const ValueId y, build.add(Add{}, {scaled, inputs[2]}));
  return as(build, y, dtype);
}

/// Mean and variance of x over all axes in `axes`, of the sizes of `like`.
Result<Values> batch_statistics(Builder& build, ValueId x, const Dims& axes, ValueId like) {
  TRY(x, as(build, x, widened(build.type(like).dtype)));
  const Reduce mean_of{.kind = ReduceKind::kMean, .axes = axes, .keepdims = true};
  TRY(const ValueId mean, build.add(mean_of, {x}));
  TRY(const ValueId centred, build.add(Sub{}, {x, mean}));
  TRY(const ValueId squared, build.add(Mul{}, {centred, centred}));
  TRY(const ValueId variance, build.add(mean_of, {squared}));
  TRY(const ValueId sizes, sizes_of(build, like));
  Values out;
  for (const ValueId value : {mean, variance}) {
    TRY(const ValueId plain, build.add(Reshape{}, {value, sizes}));
    out.push_back(plain);
  }
  return out;
}

/// old * momentum + now * (1 - momentum), of the dtype of `old`.
Result<ValueId> running(Builder& build, ValueId old, ValueId now, float momentum) {
  const DataType wide = build.type(now).dtype;
  TRY(const ValueId before, as(build, old, wide));
  TRY(const ValueId keep, build.scalar(wide, momentum));
  TRY(const ValueId take, build.scalar(wide, 1 - double{momentum}));
  TRY(const ValueId kept, build.add(Mul{}, {before, keep}));
  TRY(const ValueId taken, build.add(Mul{}, {now, take}));
  TRY(const ValueId next, build.add(Add{}, {kept, taken}));
  return as(build, next, build.type(old).dtype);
}

/// Statistics per channel, or with `spatial` off per position. In training those of the batch are used; outputs are y,
/// the running mean and variance, and (before operator set 14) the batch's own.
Result<Values> batch_normalization(OnnxNodeView& node, Builder& build, bool spatial, bool training) {
  node.ignore("consumed_inputs");
  const float epsilon = node.number("epsilon", 1e-5F);
  const float momentum = node.number("momentum", 0.9F);
  Values inputs = node.inputs();
  if (inputs.size() != 5 || std::count(inputs.begin(), inputs.end(), kNoValue) != 0) {
    return invalid_argument("inputs X, scale, bias, mean and var are needed");
  }
  Values statistics;
  if (training) {
    Dims axes(static_cast<std::size_t>(spatial ? node.rank(0) : 1));
    std::iota(axes.begin(), axes.end(), 0);
    if (spatial && axes.size() > 1) axes.erase(axes.begin() + 1);
    TRY(statistics, batch_statistics(build, node.in(0), axes, node.in(3)));
    std::copy(statistics.begin(), statistics.end(), inputs.begin() + 3);
  }
  Values out(1);
  if (spatial) {
    TRY(out[0], build.add(BatchNormalization{.epsilon = epsilon}, inputs));
  } else {
    TRY(out[0], normalized_by_position(build, inputs, epsilon));
  }
  for (std::size_t i = 0; i < statistics.size(); ++i) {
    TRY(const ValueId next, running(build, node.in(i + 3), statistics[i], momentum));
    out.push_back(next);
  }
  for (std::size_t i = 0; i < statistics.size(); ++i) {
    TRY(const ValueId own, as(build, statistics[i], node.dtype(i + 3)));
    out.push_back(own);
  }
  return out;
}

}  // namespace

/// ONNX BatchNormalization, operator sets 1 to 8: in training when more than one output is asked for. Without `spatial`
/// every position has its own statistics.
Result<Values> import_batch_normalization_1(OnnxNodeView& node, Builder& build) {
  node.ignore("is_test");
  return batch_normalization(node, build, node.flag("spatial", true), node.has_output(1) || node.has_output(2));
}

/// ONNX BatchNormalization, operator set 9 and later; `training_mode` since 14, before that as in 1 to 8.
Result<Values> import_batch_normalization(OnnxNodeView& node, Builder& build) {
  const bool more = node.has_output(1) || node.has_output(2) || node.has_output(3) || node.has_output(4);
  const bool training = node.version() >= 14 ? node.flag("training_mode") : more;
  return batch_normalization(node, build, true, training);
}

Result<Values> import_instance_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  TRY(const ValueId y, build.add(InstanceNormalization{.epsilon = node.number("epsilon", 1e-5F)}, node.inputs()));
  return Values{y};
}

/// ONNX LayerNormalization and RMSNormalization; `stash_type` is the type of the outputs mean and deviation, which are
/// computed in f64.
Result<Values> import_layer_normalization(OnnxNodeView& node, Builder& build) {
  TRY(const DataType stash, node.data_type("stash_type", DataType::kF32));
  TRY(Values out, import_same(node, build));
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
