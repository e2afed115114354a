#include "ops/slice.h"

#include <algorithm>
#include <limits>

namespace bolide {
namespace {

constexpr std::int64_t kFar = std::numeric_limits<std::int32_t>::max();  // from here on a position means "the end"

/// The same size with every name at least 1.
Dim not_empty(const Dim& dim) {
  std::map<std::string, Dim, std::less<>> replaced;
  for (const std::string& name : dim.names()) replaced.emplace(name, Dim(name) + 1);
  return dim.substitute(replaced);
}
bool surely_at_least(const Dim& dim, const Dim& bound) {
  const Dim difference = not_empty(dim - bound);
  return Dim::max(difference, 0) == difference;
}
Dim at_least_zero(const Dim& dim) { return surely_at_least(dim, 0) ? dim : Dim::max(dim, 0); }

/// A position clamped to [0, size] for steps forward; nothing when its sign is not known.
std::optional<Dim> clamped(const Dim& position, const Dim& size) {
  if (const auto number = position.constant()) {
    if (*number >= kFar) return size;
    if (*number <= -kFar) return Dim(0);
    if (*number < 0) return at_least_zero(size + position);
    return surely_at_least(size, position) ? position : Dim::min(position, size);
  }
  if (surely_at_least(position, 0)) return surely_at_least(size, position) ? position : Dim::min(position, size);
  if (surely_at_least(0, position)) return at_least_zero(size + position);
  return std::nullopt;
}

/// The number of elements taken; nothing when it cannot be said.
std::optional<Dim> sliced(const Dim& size, const Dim& start, const Dim& end, std::int64_t step) {
  if (size.is_constant() && start.is_constant() && end.is_constant()) {
    return Dim(slice_range(*size.constant(), *start.constant(), *end.constant(), step).count);
  }
  if (step < 0) {  // the whole axis backwards is the only form worth naming
    const std::int64_t from = start.constant().value_or(0);
    const bool whole = (from == -1 || from >= kFar) && end.constant().value_or(0) <= -kFar;
    if (!whole || step <= -kFar) return std::nullopt;
    return size.ceil_div(-step);
  }
  const auto first = clamped(start, size);
  const auto last = clamped(end, size);
  if (!first || !last) return std::nullopt;
  return at_least_zero(*last - *first).ceil_div(step);
}

/// The axes and steps, when known. Errors: InvalidArgument.
struct Axes {
  std::vector<std::size_t> axes;
  std::vector<std::int64_t> steps;
};
Result<std::optional<Axes>> axes_of(const InferContext& context, std::size_t count) {
  Axes out;
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < count; ++i) axes.push_back(static_cast<std::int64_t>(i));
  out.steps.assign(count, 1);
  for (int input = 3; input < context.input_count(); ++input) {
    if (!context.has(input)) continue;
    TRY_OK(check_sizes_input(Slice::kInfo, context, input));
    const auto given = context.contents(input);
    const auto numbers = given ? constant_dims(*given) : std::nullopt;
    if (!numbers) return std::optional<Axes>();
    if (numbers->size() != count) {
      return invalid_argument("Slice: ", count, " starts and ", numbers->size(), input == 3 ? " axes" : " steps");
    }
    (input == 3 ? axes : out.steps) = *numbers;
  }
  for (std::int64_t& step : out.steps) {
    if (step == 0) return invalid_argument("Slice: a step of 0");
    step = std::max(step, -std::numeric_limits<std::int64_t>::max());
  }
  TRY(out.axes, normalize_axes(axes, context.rank(0)).within("Slice"));
  return std::optional<Axes>(std::move(out));
}

}  // namespace

SliceRange slice_range(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
  const std::int64_t low = step > 0 ? 0 : -1;
  const std::int64_t high = step > 0 ? size : size - 1;
  const auto clamp = [&](std::int64_t position, std::int64_t lowest) {
    if (position < 0) position += size;
    return std::min(std::max(position, lowest), high);
  };
  // A start before the first element is the first one, in both directions.
  start = clamp(start, std::min<std::int64_t>(0, high));
  end = clamp(end, low);
  const std::int64_t length = step > 0 ? end - start : start - end;
  const std::int64_t stride = step > 0 ? step : -step;
  const std::int64_t count = length <= 0 ? 0 : (length - 1) / stride + 1;
  return {count == 0 ? 0 : start, count, step};
}

Result<TensorTypes> Slice::infer(const InferContext& context) const {
  TensorType out = context.type(0);
  for (int i = 1; i <= 2; ++i) TRY_OK(check_sizes_input(kInfo, context, i));
  const auto starts = context.contents(1);
  const auto ends = context.contents(2);
  const std::optional<std::int64_t> length =
      starts ? static_cast<std::int64_t>(starts->size())
             : (context.rank(1) == 0 ? std::optional<std::int64_t>(1) : context.shape(1)[0].constant());
  if (starts && ends && starts->size() != ends->size()) {
    return invalid_argument("Slice: ", starts->size(), " starts and ", ends->size(), " ends");
  }
  std::optional<Axes> known;
  if (length && *length >= 0 && *length <= context.rank(0)) {
    TRY(known, axes_of(context, static_cast<std::size_t>(*length)));
  } else if (length) {
    return invalid_argument("Slice: ", *length, " starts for a tensor of rank ", context.rank(0));
  }
  if (!known) {
    for (Dim& size : out.shape) size = context.fresh_dim("sliced");
    return TensorTypes{std::move(out)};
  }
  for (std::size_t i = 0; i < known->axes.size(); ++i) {
    Dim& size = out.shape[known->axes[i]];
    std::optional<Dim> taken;
    if (starts && ends) taken = sliced(size, (*starts)[i], (*ends)[i], known->steps[i]);
    size = taken ? *taken : context.fresh_dim("sliced");
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> Slice::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Tensor& data = *inputs[0];
  TRY(const Dims starts, to_i64(*inputs[1]));
  TRY(const Dims ends, to_i64(*inputs[2]));
  Dims axes;
  for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  Dims steps(starts.size(), 1);
  if (inputs.size() > 3 && inputs[3] != nullptr) {
    TRY(axes, to_i64(*inputs[3]));
  }
  if (inputs.size() > 4 && inputs[4] != nullptr) {
    TRY(steps, to_i64(*inputs[4]));
  }
  Walk walk{out[0].dims(), 0, contiguous_strides(data.dims()), 0, contiguous_strides(out[0].dims())};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    TRY(const std::size_t axis, normalize_axis(axes[i], data.rank()));
    const std::int64_t step = std::max(steps[i], -std::numeric_limits<std::int64_t>::max());
    const SliceRange range = slice_range(data.dims()[axis], starts[i], ends[i], step);
    walk.from_at += range.begin * walk.from_strides[axis];
    walk.from_strides[axis] = range.count > 1 ? walk.from_strides[axis] * step : 0;
  }
  copy_strided(data, out[0], walk);
  return out;
}

std::optional<std::vector<Dim>> Slice::contents(const InferContext& context) const {
  const auto data = context.contents(0);
  const auto starts = context.contents(1);
  const auto ends = context.contents(2);
  if (!data || context.rank(0) != 1 || !starts || !ends || starts->size() != 1 || ends->size() != 1)
    return std::nullopt;
  const auto known = axes_of(context, 1);
  if (!known || !*known || !(*starts)[0].is_constant() || !(*ends)[0].is_constant()) return std::nullopt;
  const SliceRange range = slice_range(static_cast<std::int64_t>(data->size()), *(*starts)[0].constant(),
                                       *(*ends)[0].constant(), (*known)->steps[0]);
  std::vector<Dim> out;
  for (std::int64_t i = 0; i < range.count; ++i) {
    out.push_back((*data)[static_cast<std::size_t>(range.begin + i * range.step)]);
  }
  return out;
}

}  // namespace bolide
