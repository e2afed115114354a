#include "import/onnx/rules/ml.h"

#include "ops/activation.h"
#include "ops/order.h"
#include "ops/softmax.h"

#include <numbers>
#include <numeric>

namespace bolide::onnx {
namespace {

/// e^(x - max) of the scores that are not 0, divided by their sum; 0 elsewhere.
ValueId softmax_zero(Formula& f, ValueId x) {
  const DataType dtype = f.dtype(x);
  const ValueId is_zero = f.op(Less{}, {f.op(Abs{}, {x}), f.number(dtype, 1e-7)});
  const ValueId top = f.reduce(ReduceKind::kMax, x, {-1}, true);
  const ValueId scale = f.op(Exp{}, {f.op(Neg{}, {top})});
  const ValueId powers = f.where(is_zero, f.mul(x, scale), f.op(Exp{}, {f.sub(x, top)}));
  const ValueId sum = f.reduce(ReduceKind::kSum, powers, {-1}, true);
  const ValueId none = f.op(Equal{}, {sum, f.number(dtype, 0)});
  return f.where(none, f.number(dtype, 0.5), f.div(powers, f.where(none, f.number(dtype, 1), sum)));
}

/// sqrt(2) * erf^-1(2 x - 1), by the approximation of Winitzki with a = 0.147 that the standard's own evaluation has.
ValueId probit(Formula& f, ValueId x) {
  const DataType dtype = f.dtype(x);
  const ValueId y = f.add(f.mul(x, 2.0), -1.0);
  const ValueId log = f.op(Log{}, {f.sub(f.number(dtype, 1), f.mul(y, y))});
  const ValueId v = f.add(f.mul(log, 0.5), 2 / (std::numbers::pi * 0.147));
  const ValueId inner = f.sub(f.op(Sqrt{}, {f.sub(f.mul(v, v), f.mul(log, 1 / 0.147))}), v);
  return f.mul(f.mul(f.op(Sign{}, {y}), f.op(Sqrt{}, {inner})), std::numbers::sqrt2);
}

}  // namespace

ValueId post_transform(Formula& f, ValueId scores, std::string_view name) {
  if (name == "NONE" || name.empty()) return scores;
  if (name == "SOFTMAX") return f.op(Softmax{.axis = -1}, {scores});
  if (name == "LOGISTIC") return f.op(Sigmoid{}, {scores});
  if (name == "SOFTMAX_ZERO") return softmax_zero(f, scores);
  if (name == "PROBIT") return probit(f, scores);
  return f.take(invalid_argument("attribute 'post_transform' is '", name, "'"));
}

Result<Labels> labels_of(OnnxNodeView& node, std::string_view strings, std::string_view integers,
                         std::int64_t classes) {
  const std::vector<std::string> texts = node.texts(strings);
  Dims numbers = node.integers(integers);
  if (!texts.empty()) {
    return Labels{Tensor::of<std::string>(texts), static_cast<std::int64_t>(texts.size())};
  }
  if (numbers.empty()) {
    if (classes > (INT64_C(1) << 24)) return unsupported(classes, " classes");
    numbers.resize(static_cast<std::size_t>(std::max<std::int64_t>(classes, 0)));
    std::iota(numbers.begin(), numbers.end(), 0);
  }
  return Labels{Tensor::of<std::int64_t>(numbers), static_cast<std::int64_t>(numbers.size())};
}

ValueId label_at(Formula& f, Builder& build, const Labels& labels, ValueId indices) {
  return f.gather(build.constant("labels", labels.values), indices, 0);
}

ValueId best_label(Formula& f, Builder& build, const Labels& labels, ValueId scores) {
  return label_at(f, build, labels, f.op(ArgMax{.axis = 1, .keepdims = false}, {scores}));
}

ValueId binary_label(Formula& f, Builder& build, const Labels& labels, ValueId score, double threshold) {
  const ValueId is_above = f.op(Greater{}, {score, f.number(f.dtype(score), threshold)});
  const ValueId index = f.squeeze(f.cast(is_above, DataType::kI64), {1});
  if (labels.count > 1) return label_at(f, build, labels, index);
  Labels two = labels;
  if (labels.values.dtype() == DataType::kString) {
    two.values = Tensor::of<std::string>(std::vector<std::string>{"", labels.values.span<std::string>()[0]});
  } else {
    two.values = Tensor::of<std::int64_t>(Dims{0, labels.values.span<std::int64_t>()[0]});
  }
  return label_at(f, build, two, index);
}

Result<ValueId> constant_of(OnnxNodeView& node, Builder& build, std::string_view attribute, const Dims& dims) {
  const std::vector<float> numbers = node.numbers(attribute);
  std::int64_t wanted = 1;
  for (const std::int64_t size : dims) {
    if (size < 0 || size > (INT64_C(1) << 31)) return invalid_argument("a size is ", size);
    wanted = size == 0 ? 0 : std::min(wanted, (INT64_C(1) << 31)) * size;
  }
  if (static_cast<std::int64_t>(numbers.size()) != wanted) {
    return invalid_argument("attribute '", attribute, "' has ", numbers.size(), " numbers, where ", wanted,
                            " are expected");
  }
  return build.constant(attribute, Tensor::of<float>(numbers, dims));
}

ValueId feature_rows(Formula& f, ValueId x) {
  const ValueId rows = f.rank(x) == 1 ? f.unsqueeze(x, {0}) : x;
  return f.dtype(x) == DataType::kF64 ? rows : f.cast(rows, DataType::kF32);
}

}  // namespace bolide::onnx
