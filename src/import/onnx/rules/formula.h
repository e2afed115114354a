/// For rules that write many nodes: steps that need no check of their own.
#pragma once

#include "import/onnx/builder.h"
#include "ops/arithmetic.h"
#include "ops/logic.h"
#include "ops/reduce.h"
#include "ops/unary_math.h"

namespace bolide::onnx {

/// After the first error every step answers kNoValue and does nothing; `result` tells that error. Steps read types of
/// values that earlier steps made, so kNoValue may only stand for an optional input or a failed step.
class Formula {
 public:
  explicit Formula(Builder& build) : build_(build) {}

  ValueId op(Op op, Values inputs);
  /// What a helper made.
  ValueId take(Result<ValueId> value);
  Values op(Op op, Values inputs, std::size_t outputs);  ///< always `outputs` values
  ValueId add(ValueId a, ValueId b) { return op(Add{}, {a, b}); }
  ValueId sub(ValueId a, ValueId b) { return op(Sub{}, {a, b}); }
  ValueId mul(ValueId a, ValueId b) { return op(Mul{}, {a, b}); }
  ValueId div(ValueId a, ValueId b) { return op(Div{}, {a, b}); }
  /// With a number of a's dtype.
  ValueId add(ValueId a, double b) { return add(a, number(dtype(a), b)); }
  ValueId mul(ValueId a, double b) { return mul(a, number(dtype(a), b)); }
  ValueId matmul(ValueId a, ValueId b);
  ValueId where(ValueId condition, ValueId yes, ValueId no) { return op(Where{}, {condition, yes, no}); }
  /// x itself for 1.
  ValueId scale(ValueId x, double factor) { return factor == 1 ? x : mul(x, factor); }
  /// No node when it has that dtype.
  ValueId cast(ValueId x, DataType to);

  ValueId number(DataType dtype, double value);
  ValueId integers(const Dims& values);
  /// 0, 1, ... below the i64 scalar `limit`.
  ValueId range(ValueId limit);
  /// The size of one axis: an i64 scalar.
  ValueId size(ValueId x, std::int64_t axis);

  ValueId reshape(ValueId x, const Dims& sizes);
  ValueId transpose(ValueId x, const Dims& perm);
  /// x with one axis at another place, as numpy.moveaxis.
  ValueId move_axis(ValueId x, std::int64_t from, std::int64_t to);
  ValueId unsqueeze(ValueId x, const Dims& axes);
  ValueId squeeze(ValueId x, const Dims& axes);
  ValueId concat(Values parts, std::int64_t axis);
  ValueId slice(ValueId x, std::int64_t axis, std::int64_t begin, std::int64_t end, std::int64_t step = 1);
  ValueId gather(ValueId x, ValueId indices, std::int64_t axis);
  /// Without axes: of all elements.
  ValueId reduce(ReduceKind kind, ValueId x, const Dims& axes = {}, bool keepdims = false);

  bool failed() const { return !status_; }
  DataType dtype(ValueId x) const { return x == kNoValue ? DataType::kF32 : build_.type(x).dtype; }
  std::int64_t rank(ValueId x) const { return x == kNoValue ? 0 : build_.rank(x); }
  const TensorType& type(ValueId x) const;
  /// The size of an axis that the rule must know (from the end when negative); 1 after an error, which a computed size
  /// is.
  std::int64_t known_size(ValueId x, std::int64_t axis, std::string_view what);
  void fail(Error error);
  const Status& status() const { return status_; }
  Result<Values> result(Values outputs) const;

 private:
  Builder& build_;
  Status status_;
};

}  // namespace bolide::onnx
