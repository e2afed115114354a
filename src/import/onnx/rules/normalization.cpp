#include "ops/normalization.h"

#include "import/onnx/rules/all.h"
#include "ops/arithmetic.h"
#include "ops/layer_normalization.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/unary_math.h"

namespace bolide::onnx {
namespace {

Result<Values> batch_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("momentum");
  node.ignore("consumed_inputs");
  const float epsilon = node.number("epsilon", 1e-5F);
  for (std::size_t i = 1; i < node.output_count(); ++i) {
    if (node.has_output(i)) {
      return unsupported("output ", i, " exists in training only; export the model for inference (model.eval())");
    }
  }
  TRY(const ValueId y, build.add(BatchNormalization{.epsilon = epsilon}, node.inputs()));
  return Values{y};
}

}  // namespace

/// ONNX BatchNormalization, operator sets 1 to 8, at inference. Without `spatial` every position has its own
/// statistics.
Result<Values> import_batch_normalization_1(OnnxNodeView& node, Builder& build) {
  node.ignore("is_test");
  if (!node.flag("spatial", true)) return unsupported("attribute 'spatial' is 0; statistics per channel (1) work");
  return batch_normalization(node, build);
}

/// ONNX BatchNormalization, operator set 9 and later.
Result<Values> import_batch_normalization(OnnxNodeView& node, Builder& build) {
  if (node.flag("training_mode")) {
    return unsupported("attribute 'training_mode' is 1; export the model for inference (model.eval())");
  }
  return batch_normalization(node, build);
}

Result<Values> import_instance_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  TRY(const ValueId y, build.add(InstanceNormalization{.epsilon = node.number("epsilon", 1e-5F)}, node.inputs()));
  return Values{y};
}

/// ONNX LayerNormalization and RMSNormalization; `stash_type` only says in which type mean and variance are kept, which
/// is f64 here.
Result<Values> import_layer_normalization(OnnxNodeView& node, Builder& build) {
  node.ignore("stash_type");
  return import_same(node, build);
}

/// ONNX GroupNormalization, operator sets 18 to 20: scale and bias have one number a group.
///   y = (x - mean) / sqrt(var + epsilon) * scale + bias, repeated for the C / num_groups channels of each group
Result<Values> import_group_normalization_18(OnnxNodeView& node, Builder& build) {
  const std::int64_t groups = node.integer("num_groups", 1);
  const float epsilon = node.number("epsilon", 1e-5F);
  if (!node.has_input(2)) return invalid_argument("inputs X, scale and bias are needed");
  const auto channels = node.rank(0) < 2 ? std::nullopt : node.shape(0)[1].constant();
  if (!channels || groups < 1 || *channels % groups != 0) {
    return invalid_argument("attribute 'num_groups' is ", groups, " for the input ", node.type(0));
  }
  Values inputs = {node.in(0)};
  for (std::size_t i = 1; i <= 2; ++i) {
    // [g] -> [g, 1] * ones[g, C/g] -> [C]
    TRY(const ValueId column, build.add(Unsqueeze{.axes = {1}}, {node.in(i)}));
    const std::vector<float> ones(static_cast<std::size_t>(*channels / groups), 1.0F);
    ValueId row = build.constant("ones", Tensor::of<float>(ones, Dims{1, *channels / groups}));
    if (node.dtype(i) != DataType::kF32) return unsupported("scale and bias of dtype ", node.dtype(i), "; f32 works");
    TRY(const ValueId repeated, build.add(Mul{}, {column, row}));
    const Dims flat = {*channels};
    TRY(const ValueId one_each, build.add(Reshape{}, {repeated, build.integers("sizes", flat)}));
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

/// ONNX MeanVarianceNormalization: (x - mean) / (sqrt(mean of x^2 - mean^2) + 1e-9) over `axes` (default [0, 2, 3]).
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
