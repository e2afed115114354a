#include "ops/fill.h"

#include "ops/elements.h"

#include <cmath>

namespace bolide {
namespace {

constexpr std::int64_t kMostContents = 4096;

/// Elements of a range. Errors: InvalidArgument for a delta of 0 or a NaN.
Result<std::int64_t> range_count(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  if (!is_float(start.dtype())) {
    TRY(const Dims from, to_i64(start));
    TRY(const Dims to, to_i64(limit));
    TRY(const Dims by, to_i64(delta));
    if (by[0] == 0) return invalid_argument("Range: a delta of 0");
    if (by[0] > 0 ? from[0] >= to[0] : from[0] <= to[0]) return 0;
    // The distance of two i64 fits into u64.
    const auto low = static_cast<std::uint64_t>(by[0] > 0 ? from[0] : to[0]);
    const auto high = static_cast<std::uint64_t>(by[0] > 0 ? to[0] : from[0]);
    const std::uint64_t step = by[0] > 0 ? static_cast<std::uint64_t>(by[0]) : 0 - static_cast<std::uint64_t>(by[0]);
    const std::uint64_t count = (high - low - 1) / step + 1;
    return static_cast<std::int64_t>(std::min<std::uint64_t>(count, Dim::kTooLarge));
  }
  TRY(const double from, scalar_f64(start));
  TRY(const double to, scalar_f64(limit));
  TRY(const double by, scalar_f64(delta));
  const double count = std::ceil((to - from) / by);
  if (by == 0 || std::isnan(count)) return invalid_argument("Range: from ", from, " to ", to, " by ", by);
  return count <= 0 ? 0 : static_cast<std::int64_t>(std::min(count, static_cast<double>(Dim::kTooLarge)));
}

}  // namespace

Result<TensorType> type_of_sizes(const OpInfo& info, DataType dtype, const InferContext& context) {
  TRY_OK(check_sizes_input(info, context, 0));
  TensorType out{dtype, {}};
  if (const auto target = context.contents(0)) {
    out.shape = *target;
    for (const Dim& size : out.shape) {
      if (size.constant().value_or(0) < 0) return invalid_argument(info.name, ": sizes ", out.shape);
    }
    return out;
  }
  TRY(const std::int64_t rank, known_length(info, context, 0));
  for (std::int64_t i = 0; i < rank; ++i) out.shape.push_back(context.fresh_dim("filled"));
  return out;
}

Result<TensorTypes> ConstantOfShape::infer(const InferContext& context) const {
  if (value.count() != 1) return invalid_argument("ConstantOfShape: a value of ", value.count(), " elements, not one");
  TRY(TensorType out, type_of_sizes(kInfo, value.dtype(), context));
  return TensorTypes{std::move(out)};
}

Result<Tensors> ConstantOfShape::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  fill(out[0], value);
  return out;
}

std::optional<std::vector<Dim>> ConstantOfShape::contents(const InferContext& context) const {
  const auto target = context.contents(0);
  if (!target || target->size() > 1 || value.count() != 1 || !is_integer(value.dtype())) return std::nullopt;
  const std::int64_t count = target->empty() ? 1 : (*target)[0].constant().value_or(-1);
  const auto number = to_i64(value);
  if (count < 0 || count > kMostContents || !number) return std::nullopt;
  return std::vector<Dim>(static_cast<std::size_t>(count), Dim((*number)[0]));
}

Result<TensorTypes> RangeOp::infer(const InferContext& context) const {
  for (int i = 0; i < 3; ++i) {
    const Shape& shape = context.shape(i);
    if (context.dtype(i) != context.dtype(0) || !is_real(context.dtype(i)) || context.rank(i) > 1 ||
        (context.rank(i) == 1 && !merge(shape[0], 1))) {
      return invalid_argument("Range: input ", i, " is ", context.type(i), ", where scalars of one dtype belong");
    }
  }
  TensorType out{context.dtype(0), {Dim(0)}};
  if (context.constant(0) != nullptr && context.constant(1) != nullptr && context.constant(2) != nullptr) {
    TRY(out.shape[0], range_count(*context.constant(0), *context.constant(1), *context.constant(2)));
    return TensorTypes{std::move(out)};
  }
  const auto start = context.contents(0);
  const auto limit = context.contents(1);
  const auto delta = context.contents(2);
  const std::int64_t step = delta && delta->size() == 1 ? (*delta)[0].constant().value_or(0) : 0;
  if (start && limit && step > 0 && start->size() == 1 && limit->size() == 1) {
    const Dim length = (*limit)[0] - (*start)[0];
    out.shape[0] = Dim::max(length, 0).ceil_div(step);
  } else {
    out.shape[0] = context.fresh_dim("range");
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> RangeOp::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  with_compute_type(compute_type(out[0].dtype()), [&](auto zero) {
    using T = decltype(zero);
    const T start = load_one<T>(*inputs[0], 0);
    const T delta = load_one<T>(*inputs[2], 0);
    for (std::int64_t i = 0; i < out[0].count(); ++i) {
      const T steps = apply<T>(Fn::kMul, static_cast<T>(i), delta);
      store_one<T>(out[0], i, apply<T>(Fn::kAdd, start, steps));
    }
  });
  return out;
}

std::optional<std::vector<Dim>> RangeOp::contents(const InferContext& context) const {
  const auto start = context.contents(0);
  const auto delta = context.contents(2);
  if (!start || !delta || start->size() != 1 || delta->size() != 1 || is_float(context.dtype(0))) return std::nullopt;
  const auto types = infer(context);
  if (!types) return std::nullopt;
  const std::int64_t count = (*types)[0].shape[0].constant().value_or(-1);
  if (count < 0 || count > kMostContents) return std::nullopt;
  std::vector<Dim> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back((*start)[0] + (*delta)[0] * i);
  return out;
}

Result<TensorTypes> OneHot::infer(const InferContext& context) const {
  TRY(const std::size_t at, normalize_axis(axis, context.rank(0) + 1).within("OneHot"));
  if (!is_real(context.dtype(0)) || !is_real(context.dtype(1)))
    return invalid_argument("OneHot: indices are no numbers");
  if (context.rank(2) != 1 || !merge(context.shape(2)[0], 2)) {
    return invalid_argument("OneHot: values ", context.shape(2), ", where [2] belongs");
  }
  Dim depth = 0;
  if (const auto known = context.contents(1); known && known->size() == 1) {
    depth = (*known)[0];
  } else if (context.constant(1) != nullptr) {
    TRY(const double number, scalar_f64(*context.constant(1)).within("OneHot"));
    if (!(number >= 0 && number < static_cast<double>(Dim::kTooLarge))) {
      return invalid_argument("OneHot: depth ", number);
    }
    depth = static_cast<std::int64_t>(number);
  } else {
    depth = context.fresh_dim("depth");
  }
  TensorType out{context.dtype(2), context.shape(0)};
  out.shape.insert(out.shape.begin() + static_cast<std::ptrdiff_t>(at), depth);
  return TensorTypes{std::move(out)};
}

Result<Tensors> OneHot::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank() + 1));
  TRY(const std::vector<double> indices, to_f64(*inputs[0]));
  const std::int64_t depth = out[0].dims()[at];
  const std::int64_t inner = product(out[0].dims(), at + 1, out[0].dims().size());
  fill(out[0], *inputs[2]);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const double index = indices[i] < 0 ? indices[i] + static_cast<double>(depth) : indices[i];
    if (!(index >= 0 && index < static_cast<double>(depth))) continue;
    const auto place = static_cast<std::int64_t>(i);
    const std::int64_t to = (place / inner * depth + static_cast<std::int64_t>(index)) * inner + place % inner;
    copy_run(*inputs[2], 1, out[0], to, 1);
  }
  return out;
}

Result<TensorTypes> EyeLike::infer(const InferContext& context) const {
  if (context.rank(0) != 2) return invalid_argument("EyeLike: ", context.shape(0), " is no matrix");
  const DataType type = same_dtype ? context.dtype(0) : dtype;
  if (!is_real(type)) return unsupported("EyeLike of ", type, "; real numbers and bool work");
  return TensorTypes{{type, context.shape(0)}};
}

Result<Tensors> EyeLike::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const std::int64_t rows = out[0].dims()[0];
  const std::int64_t columns = out[0].dims()[1];
  if (k <= -rows || k >= columns) return out;
  for (std::int64_t row = std::max<std::int64_t>(0, -k); row < rows && row + k < columns; ++row) {
    store_one<float>(out[0], row * columns + row + k, 1);
  }
  return out;
}

}  // namespace bolide
