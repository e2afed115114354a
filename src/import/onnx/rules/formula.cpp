#include "import/onnx/rules/formula.h"

#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/fill.h"
#include "ops/gather.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "ops/shape.h"
#include "ops/slice.h"
#include "ops/transpose.h"

#include <numeric>

namespace bolide::onnx {

void Formula::fail(Error error) {
  if (status_) status_ = std::move(error);
}

Values Formula::op(Op op, Values inputs, std::size_t outputs) {
  if (status_) {
    Result<Values> made = build_.add_node(std::move(op), std::move(inputs), outputs);
    if (made) return *std::move(made);
    fail(made.error());
  }
  return Values(outputs, kNoValue);
}

ValueId Formula::take(Result<ValueId> value) {
  if (!value) {
    fail(value.error());
    return kNoValue;
  }
  return failed() ? kNoValue : *value;
}

const TensorType& Formula::type(ValueId x) const {
  static const TensorType kNothing;
  return x == kNoValue ? kNothing : build_.type(x);
}

ValueId Formula::op(Op one, Values inputs) { return op(std::move(one), std::move(inputs), 1).front(); }

ValueId Formula::cast(ValueId x, DataType to) { return failed() || dtype(x) == to ? x : op(Cast{.to = to}, {x}); }

ValueId Formula::matmul(ValueId a, ValueId b) { return op(MatMul{.out = dtype(a)}, {a, b}); }

ValueId Formula::number(DataType dtype, double value) {
  if (failed()) return kNoValue;
  Result<ValueId> made = build_.scalar(dtype, value);
  if (made) return *made;
  fail(made.error());
  return kNoValue;
}

ValueId Formula::integers(const Dims& values) { return build_.integers("integers", values); }

ValueId Formula::range(ValueId limit) {
  return op(RangeOp{}, {number(DataType::kI64, 0), limit, number(DataType::kI64, 1)});
}

ValueId Formula::size(ValueId x, std::int64_t axis) {
  if (failed()) return kNoValue;
  const std::int64_t at = axis < 0 ? axis + rank(x) : axis;
  if (at < 0 || at >= rank(x)) {
    fail(invalid_argument("axis ", axis, " of ", build_.type(x)));
    return kNoValue;
  }
  if (const auto known = build_.type(x).shape[static_cast<std::size_t>(at)].constant()) {
    return build_.constant("size", Tensor::scalar(*known));
  }
  return squeeze(op(ShapeOf{.start = at, .end = at + 1}, {x}), {0});
}

std::int64_t Formula::known_size(ValueId x, std::int64_t axis, std::string_view what) {
  if (failed()) return 1;
  const std::int64_t at = axis < 0 ? axis + rank(x) : axis;
  if (at < 0 || at >= rank(x)) {
    fail(invalid_argument(what, " is axis ", axis, " of ", build_.type(x)));
    return 1;
  }
  if (const auto known = build_.type(x).shape[static_cast<std::size_t>(at)].constant()) {
    constexpr std::int64_t kMost = INT64_C(1) << 40;  // so that rules may multiply
    if (*known <= kMost) return *known;
    fail(unsupported(what, " is ", *known));
    return 1;
  }
  fail(unsupported(what, " must be known when the model is imported, and is axis ", axis, " of ", build_.type(x)));
  return 1;
}

ValueId Formula::reshape(ValueId x, const Dims& sizes) { return op(Reshape{}, {x, integers(sizes)}); }
ValueId Formula::transpose(ValueId x, const Dims& perm) { return op(Transpose{.perm = perm}, {x}); }

ValueId Formula::move_axis(ValueId x, std::int64_t from, std::int64_t to) {
  const std::int64_t count = rank(x);
  if (from < 0) from += count;
  if (to < 0) to += count;
  if (failed() || from == to) return x;
  if (from < 0 || to < 0 || from >= count || to >= count) {
    fail(invalid_argument("an input is ", type(x), ", which has too few axes"));
    return kNoValue;
  }
  Dims perm(static_cast<std::size_t>(count));
  std::iota(perm.begin(), perm.end(), 0);
  perm.erase(perm.begin() + from);
  perm.insert(perm.begin() + to, from);
  return transpose(x, perm);
}

ValueId Formula::unsqueeze(ValueId x, const Dims& axes) { return op(Unsqueeze{.axes = axes}, {x}); }
ValueId Formula::squeeze(ValueId x, const Dims& axes) { return op(Squeeze{.axes = axes}, {x}); }
ValueId Formula::concat(Values parts, std::int64_t axis) { return op(Concat{.axis = axis}, std::move(parts)); }

ValueId Formula::slice(ValueId x, std::int64_t axis, std::int64_t begin, std::int64_t end, std::int64_t step) {
  return op(Slice{}, {x, integers({begin}), integers({end}), integers({axis}), integers({step})});
}

ValueId Formula::gather(ValueId x, ValueId indices, std::int64_t axis) {
  return op(Gather{.axis = axis}, {x, indices});
}

ValueId Formula::reduce(ReduceKind kind, ValueId x, const Dims& axes, bool keepdims) {
  return op(Reduce{.kind = kind, .axes = axes, .keepdims = keepdims}, {x});
}

Result<Values> Formula::result(Values outputs) const {
  if (!status_) return status_.error();
  return outputs;
}

}  // namespace bolide::onnx
