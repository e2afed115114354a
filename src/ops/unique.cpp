#include "ops/unique.h"

#include "ops/elements.h"
#include "ops/ordered.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace bolide {
namespace {

/// Negative, zero or positive, as a is before, equal to or after b; NaN is after all numbers.
template <class T>
int order_of(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : static_cast<int>(b < a);
}

using Compare = std::function<int(std::size_t a, std::size_t b)>;

/// Compares slice a with slice b, each of `width` consecutive values.
template <class T>
Compare comparing(std::vector<T> values, std::size_t width) {
  return [values = std::move(values), width](std::size_t a, std::size_t b) {
    for (std::size_t i = 0; i < width; ++i) {
      if (const int order = order_of(values[a * width + i], values[b * width + i]); order != 0) return order;
    }
    return 0;
  };
}

/// `rows`: [slices, width].
Compare comparison(const Tensor& rows) {
  const auto width = static_cast<std::size_t>(rows.dims()[1]);
  if (rows.dtype() == DataType::kString) {
    const auto texts = rows.span<std::string>();
    return comparing(std::vector<std::string_view>(texts.begin(), texts.end()), width);
  }
  if (rows.dtype() == DataType::kC64) {
    const auto parts = rows.span<float>();
    return comparing(std::vector<float>(parts.begin(), parts.end()), width * 2);
  }
  if (rows.dtype() == DataType::kC128) {
    const auto parts = rows.span<double>();
    return comparing(std::vector<double>(parts.begin(), parts.end()), width * 2);
  }
  return with_compute_type(compute_type(rows.dtype()), [&](auto zero) -> Compare {
    std::vector<decltype(zero)> values;
    values.reserve(static_cast<std::size_t>(rows.count()));
    for (std::int64_t i = 0; i < rows.count(); ++i) values.push_back(load_one<decltype(zero)>(rows, i));
    return comparing(std::move(values), width);
  });
}

/// The slices of x along `at` one after the other.
Result<Tensor> slices_of(const Tensor& x, std::size_t at, const EvalContext& context) {
  const std::int64_t outer = product(x.dims(), 0, at);
  const std::int64_t size = x.dims()[at];
  const std::int64_t inner = product(x.dims(), at + 1, x.dims().size());
  TRY(Tensor rows, context.allocate(x.dtype(), {size, outer * inner}).within("Unique"));
  copy_strided(x, rows, {{size, outer, inner}, 0, {inner, size * inner, 1}, 0, {outer * inner, inner, 1}});
  return rows;
}

struct Groups {
  Dims first;    // of each group its first slice
  Dims inverse;  // of each slice its group
  Dims counts;
};

struct Sorted {
  std::vector<std::size_t> order;  // of the slices
  std::vector<bool> starts;        // at each place of the order, whether it differs from the one before
};

Sorted sorted_slices(std::size_t size, const Compare& compare) {
  Sorted out{std::vector<std::size_t>(size), std::vector<bool>(size, true)};
  std::iota(out.order.begin(), out.order.end(), std::size_t{0});
  std::stable_sort(out.order.begin(), out.order.end(), [&](std::size_t a, std::size_t b) { return compare(a, b) < 0; });
  for (std::size_t i = 1; i < size; ++i) out.starts[i] = compare(out.order[i - 1], out.order[i]) != 0;
  return out;
}

/// Of slices of one number.
Sorted sorted_numbers(const Tensor& rows) {
  std::vector<std::pair<std::uint64_t, std::size_t>> keys(static_cast<std::size_t>(rows.count()));
  with_compute_type(compute_type(rows.dtype()), [&](auto zero) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] = {ordered(load_one<decltype(zero)>(rows, static_cast<std::int64_t>(i))), i};
    }
  });
  std::sort(keys.begin(), keys.end());
  Sorted out{std::vector<std::size_t>(keys.size()), std::vector<bool>(keys.size(), true)};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    out.order[i] = keys[i].second;
    out.starts[i] = i == 0 || keys[i - 1].first != keys[i].first;
  }
  return out;
}

Groups grouped(const Sorted& slices, bool sorted) {
  const std::vector<std::size_t>& order = slices.order;
  const std::size_t size = order.size();
  Groups out;
  out.inverse.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (slices.starts[i]) {
      out.first.push_back(static_cast<std::int64_t>(order[i]));
      out.counts.push_back(0);
    }
    out.inverse[order[i]] = static_cast<std::int64_t>(out.first.size()) - 1;
    ++out.counts.back();
  }
  if (sorted) return out;
  std::vector<std::size_t> by_place(out.first.size());
  std::iota(by_place.begin(), by_place.end(), std::size_t{0});
  std::sort(by_place.begin(), by_place.end(),
            [&](std::size_t a, std::size_t b) { return out.first[a] < out.first[b]; });
  Groups placed{.inverse = std::move(out.inverse)};
  Dims new_place(by_place.size());
  for (const std::size_t group : by_place) {
    new_place[group] = static_cast<std::int64_t>(placed.first.size());
    placed.first.push_back(out.first[group]);
    placed.counts.push_back(out.counts[group]);
  }
  for (std::int64_t& group : placed.inverse) group = new_place[static_cast<std::size_t>(group)];
  return placed;
}

}  // namespace

Result<TensorTypes> Unique::infer(const InferContext& context) const {
  TensorType y{context.dtype(0), {Dim(0)}};
  Dim size = element_count(context.shape(0));
  std::size_t at = 0;
  if (!flatten) {
    y.shape = context.shape(0);
    TRY(at, normalize_axis(axis, context.rank(0)).within("Unique"));
    size = y.shape[at];
  }
  const Dim found = context.fresh_dim("unique");
  y.shape[at] = found;
  return TensorTypes{std::move(y), {DataType::kI64, {found}}, {DataType::kI64, {size}}, {DataType::kI64, {found}}};
}

Result<Tensors> Unique::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const Tensor x, inputs[0]->reshaped(flatten ? Dims{inputs[0]->count()} : inputs[0]->dims()));
  TRY(const std::size_t at, normalize_axis(flatten ? 0 : axis, x.rank()).within("Unique"));
  TRY(const Tensor rows, slices_of(x, at, context));
  const bool numbers = is_real(rows.dtype()) && rows.dims()[1] == 1;
  const auto size = static_cast<std::size_t>(x.dims()[at]);
  const Groups groups = grouped(numbers ? sorted_numbers(rows) : sorted_slices(size, comparison(rows)), sorted);
  Dims dims = x.dims();
  dims[at] = static_cast<std::int64_t>(groups.first.size());
  TRY(Tensor y, context.allocate(x.dtype(), dims).within("Unique"));
  const std::int64_t inner = product(dims, at + 1, dims.size());
  const std::int64_t outer = product(dims, 0, at);
  for (std::int64_t g = 0; g < dims[at]; ++g) {
    const std::int64_t from = groups.first[static_cast<std::size_t>(g)] * outer * inner;
    copy_strided(rows, y, {{outer, inner}, from, {inner, 1}, g * inner, {dims[at] * inner, 1}});
  }
  Tensors out{std::move(y)};
  for (const Dims* list : {&groups.first, &groups.inverse, &groups.counts}) {
    out.push_back(Tensor::of<std::int64_t>(std::span<const std::int64_t>(*list)));
  }
  return out;
}

}  // namespace bolide
