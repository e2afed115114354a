#include "ops/elementwise.h"

#include "ops/elements.h"

namespace bolide {
namespace {

/// The dtype of the arithmetic: that of the inputs, leaving out the bool condition of a select.
template <class DtypeOf>
Result<DataType> common_dtype(const OpInfo& info, int count, DtypeOf dtype_of_input) {
  std::optional<DataType> out;
  for (int i = 0; i < count; ++i) {
    const DataType type = dtype_of_input(i);
    if (!is_real(type)) return unsupported(info.name, " of ", type, "; real numbers and bool work");
    if (!out || (*out == DataType::kBool && i == 1 && count == 3)) {
      out = type;
    } else if (*out != type) {
      return invalid_argument(info.name, ": inputs of ", *out, " and ", type, ", which must have one dtype");
    }
  }
  return out.value_or(DataType::kF32);
}

constexpr std::size_t kMaxSizes = 4096;

/// Whether a <= b for every value of the names.
bool surely_less_equal(const Dim& a, const Dim& b) { return Dim::max(a, b) == b; }

/// A comparison of sizes as 1 or 0, where all values of the names agree.
std::optional<Dim> compare_sizes(Fn fn, const Dim& a, const Dim& b) {
  switch (fn) {
    case Fn::kEqual:
      if (a == b) return Dim(1);
      if (surely_less_equal(a + 1, b) || surely_less_equal(b + 1, a)) return Dim(0);
      return std::nullopt;
    case Fn::kLess:
      if (surely_less_equal(a + 1, b)) return Dim(1);
      if (surely_less_equal(b, a)) return Dim(0);
      return std::nullopt;
    case Fn::kLessEqual: {
      const auto above = compare_sizes(Fn::kLess, b, a);
      if (!above) return std::nullopt;
      return Dim(1) - *above;
    }
    case Fn::kGreater: return compare_sizes(Fn::kLess, b, a);
    case Fn::kGreaterEqual: return compare_sizes(Fn::kLessEqual, b, a);
    default: return std::nullopt;
  }
}

std::optional<Dim> apply_to_sizes(Fn fn, const Dim& a, const Dim& b, const Dim& c) {
  switch (fn) {
    case Fn::kAdd: return a + b;
    case Fn::kSub: return a - b;
    case Fn::kMul: return a * b;
    case Fn::kNeg: return Dim(0) - a;
    case Fn::kMin: return Dim::min(a, b);
    case Fn::kMax: return Dim::max(a, b);
    case Fn::kSelect:
      if (!a.is_constant()) return std::nullopt;
      return *a.constant() != 0 ? b : c;
    default: break;
  }
  if (a.is_constant() && (arity(fn) == 1 || b.is_constant())) {
    return Dim(apply<std::int64_t>(fn, *a.constant(), b.constant().value_or(0)));
  }
  // Floor and truncation agree for a dividend that is not negative.
  const bool divides = b.constant().value_or(0) > 0;
  if (fn == Fn::kDiv) {
    if (const auto exact = Dim::exact_div(a, b)) return exact;
    if (divides && surely_less_equal(0, a)) return a.floor_div(b);
    return std::nullopt;
  }
  if (divides && (fn == Fn::kMod || (fn == Fn::kFmod && surely_less_equal(0, a)))) return a - a.floor_div(b) * b;
  return compare_sizes(fn, a, b);
}

}  // namespace

Result<TensorTypes> infer_elementwise(const OpInfo& info, const InferContext& context, ElementwiseResult result) {
  TRY(DataType dtype, common_dtype(info, context.input_count(), [&](int i) { return context.dtype(i); }));
  TensorType out{result == ElementwiseResult::kBool ? DataType::kBool : dtype, context.shape(0)};
  for (int i = 1; i < context.input_count(); ++i) {
    TRY(out.shape, broadcast(out.shape, context.shape(i)).within(info.name));
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> evaluate_elementwise(const OpInfo& info, const Expr& expr, TensorInputs inputs, EvalContext& context,
                                     ElementwiseResult result) {
  TRY(DataType dtype, common_dtype(info, static_cast<int>(inputs.size()),
                                   [&](int i) { return inputs[static_cast<std::size_t>(i)]->dtype(); }));
  const DataType stored = result == ElementwiseResult::kBool ? DataType::kBool : dtype;
  Dims dims;
  for (const Tensor* input : inputs) {
    TRY(dims, broadcast(dims, input->dims()).within(info.name));
  }
  TRY_OK(context.check(stored, dims).within(info.name));
  TRY(Tensor out, evaluate(expr, inputs, dtype, stored).within(info.name));
  return Tensors{std::move(out)};
}

std::optional<std::vector<Dim>> elementwise_contents(const Expr& expr, const InferContext& context) {
  std::vector<std::vector<Dim>> values;
  std::size_t count = 1;
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.rank(i) > 1) return std::nullopt;
    auto sizes = context.contents(i);
    if (!sizes || is_float(context.dtype(i))) return std::nullopt;
    if (sizes->size() != 1) {
      if (count != 1 && count != sizes->size()) return std::nullopt;
      count = sizes->size();
    }
    values.push_back(*std::move(sizes));
  }
  if (count > kMaxSizes || expr.steps().size() > kMaxSizes) return std::nullopt;
  const std::size_t inputs = values.size();
  for (const Expr::Step& step : expr.steps()) {
    std::vector<Dim> made;
    for (std::size_t e = 0; e < count; ++e) {
      const auto arg = [&](const Expr::Arg& from) {
        if (from.kind == Expr::Arg::Kind::kNumber) return Dim(static_cast<std::int64_t>(from.number));
        const auto at = static_cast<std::size_t>(from.index);
        const std::vector<Dim>& sizes = values[from.kind == Expr::Arg::Kind::kInput ? at : inputs + at];
        return sizes[sizes.size() == 1 ? 0 : e];
      };
      const auto value = apply_to_sizes(step.fn, arg(step.args[0]), arg(step.args[1]), arg(step.args[2]));
      if (!value) return std::nullopt;
      made.push_back(*value);
    }
    values.push_back(std::move(made));
  }
  return expr.is_identity() ? values.front() : values.back();
}

}  // namespace bolide
