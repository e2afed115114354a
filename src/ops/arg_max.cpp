#include "ops/order.h"

#include "ops/axis_lines.h"
#include "ops/elements.h"
#include "ops/nan.h"
#include "ops/ordered.h"
#include "ops/reference.h"
#include "ops/row_place.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace bolide {
namespace {

/// A strict order in which NaN is above all.
template <class T>
bool above(T a, T b) {
  return is_nan(a) ? !is_nan(b) : a > b;
}

struct ArgOptions {
  std::int64_t axis;
  bool keepdims;
  bool last;
  bool largest;
};

Result<TensorTypes> infer_arg(const OpInfo& info, const ArgOptions& options, const InferContext& context) {
  TRY_OK(check_real(info, context.dtype(0)));
  TRY(const std::size_t at, normalize_axis(options.axis, context.rank(0)).within(info.name));
  TensorType out{DataType::kI64, context.shape(0)};
  if (out.shape[at] == Dim(0)) return invalid_argument(info.name, ": axis ", at, " of ", out.shape, " is empty");
  if (options.keepdims) {
    out.shape[at] = 1;
  } else {
    out.shape.erase(out.shape.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return TensorTypes{std::move(out)};
}

/// The place of the element of a row of numbers that is above all others.
template <class T>
std::int64_t place_in_row(const ArgOptions& options, const T* row, std::int64_t size) {
  if constexpr (std::is_same_v<T, float>) {
    const auto plain = options.largest ? place_of_float<true>(row, size, options.last)
                                       : place_of_float<false>(row, size, options.last);
    if (plain) return *plain;
  }
  std::int64_t best = 0;
  for (std::int64_t i = 1; i < size; ++i) {
    const T a = options.largest ? row[i] : row[best];
    const T b = options.largest ? row[best] : row[i];
    if (a > b || is_nan(a) || is_nan(b) || (options.last && a == b)) {  // seldom
      if (above(a, b) || (options.last && !above(b, a))) best = i;
    }
  }
  return best;
}

template <class T>
void evaluate_arg(const ArgOptions& options, const Tensor& x, std::size_t axis, Tensor& out) {
  const AxisLines lines(x.dims(), axis);
  std::int64_t* const places = out.span<std::int64_t>().data();
  if (lines.inner == 1 && lines.size <= std::numeric_limits<int>::max()) {
    const std::int64_t grain = (1 << 13) / std::max<std::int64_t>(1, lines.size);
    parallel_ranges(lines.outer, grain, [&](std::int64_t o, std::int64_t end) {
      AxisRows<T> rows(x, lines.size);
      for (; o < end; ++o) places[o] = place_in_row(options, rows.at(o * lines.size), lines.size);
    });
    return;
  }
  each_block_of_lines(lines, [&](std::int64_t o, std::int64_t n, std::int64_t columns) {
    AxisRows<T> rows(x, columns);
    const auto width = static_cast<std::size_t>(columns);
    using Key = decltype(signed_order(T(), true));
    std::vector<Key> best(width);
    std::vector<std::int32_t> at(width, 0);
    const T* const first = rows.at(lines.at(o, 0, n));
    for (std::size_t c = 0; c < width; ++c) best[c] = signed_order(first[c], options.largest);
    for (std::int64_t i = 1; i < lines.size; ++i) {
      const T* const row = rows.at(lines.at(o, i, n));
      const auto place = static_cast<std::int32_t>(i);
      // The later of equals: what is not less is better, and so is what is above one less.
      const Key later = options.last ? 1 : 0;
      const Key turn = options.largest ? 0 : -1;  // ~key falls
      Key* const keys = best.data();
      std::int32_t* const places_here = at.data();
      for (std::size_t c = 0; c < width; ++c) {
        const Key key = signed_order(row[c], true) ^ turn;
        const Key better =
            -static_cast<Key>(static_cast<int>(key > keys[c]) | (later & static_cast<int>(key == keys[c])));
        keys[c] = (key & better) | (keys[c] & ~better);
        places_here[c] = static_cast<std::int32_t>((place & better) | (places_here[c] & ~better));
      }
    }
    std::copy(at.begin(), at.end(), places + o * lines.inner + n);
  });
}

template <class T>
Result<Tensors> run_arg(const T& op, const ArgOptions& options, TensorInputs inputs, const EvalContext& context) {
  TRY(Tensors out, raw_outputs_of(op, inputs, context));
  TRY(const std::size_t at, normalize_axis(options.axis, inputs[0]->rank()));
  with_compute_type(compute_type(inputs[0]->dtype()),
                    [&](auto zero) { evaluate_arg<decltype(zero)>(options, *inputs[0], at, out[0]); });
  return out;
}

}  // namespace

Result<TensorTypes> ArgMax::infer(const InferContext& context) const {
  return infer_arg(kInfo, {axis, keepdims, select_last_index, true}, context);
}
Result<Tensors> ArgMax::evaluate(TensorInputs inputs, EvalContext& context) const {
  return run_arg(*this, {axis, keepdims, select_last_index, true}, inputs, context);
}

Result<TensorTypes> ArgMin::infer(const InferContext& context) const {
  return infer_arg(kInfo, {axis, keepdims, select_last_index, false}, context);
}
Result<Tensors> ArgMin::evaluate(TensorInputs inputs, EvalContext& context) const {
  return run_arg(*this, {axis, keepdims, select_last_index, false}, inputs, context);
}

}  // namespace bolide
