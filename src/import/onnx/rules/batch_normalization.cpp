#include "ops/arithmetic.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/sizes.h"
#include "ops/cast.h"
#include "ops/normalization.h"
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
    TRY(const ValueId plain, build.add(Reshape{.allowzero = true}, {value, sizes}));
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

}  // namespace bolide::onnx
