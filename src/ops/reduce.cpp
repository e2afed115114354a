#include "ops/reduce.h"

#include "ops/axis.h"
#include "ops/elements.h"
#include "ops/reduce_lines.h"
#include "ops/reference.h"
#include "ops/result_places.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide {
namespace {

/// True at every axis that is reduced.
Result<std::vector<bool>> reduced_axes(std::span<const std::int64_t> axes, bool noop, int rank) {
  std::vector<bool> out(static_cast<std::size_t>(rank), axes.empty() && !noop);
  for (const std::int64_t axis : axes) {
    TRY(const int at, checked_axis(Reduce::kInfo, axis, rank));
    if (out[static_cast<std::size_t>(at)]) return invalid_argument("Reduce: axis ", axis, " is given twice");
    out[static_cast<std::size_t>(at)] = true;
  }
  return out;
}

/// The layout of the work: for each number of x, where its sum is.
struct SumWalk {
  Dims dims;
  Dims strides;  ///< in the result, 0 along reduced axes
  template <class Step>
  void visit(const Step& step) const {
    if (product(dims) == 0) return;
    if (dims.empty()) return step(0, 0);
    const Dims outer(dims.begin(), dims.end() - 1);
    Dims index(outer.size(), 0);
    std::int64_t from = 0;
    do {
      std::int64_t to = 0;
      for (std::size_t d = 0; d < outer.size(); ++d) to += index[d] * strides[d];
      for (std::int64_t i = 0; i < dims.back(); ++i, to += strides.back()) step(from++, to);
    } while (next_index(index, outer));
  }
};

template <class T>
void reduce(const Reducer<T>& reducer, const SumWalk& walk, const T* x, std::span<T> y) {
  std::ranges::fill(y, reducer.start());
  walk.visit([&](std::int64_t from, std::int64_t to) {
    T& sum = y[static_cast<std::size_t>(to)];
    if (!is_nan(sum)) sum = reducer.step(sum, x[from]);
  });
}

/// The axes that go as the middle of three; nothing when others stand between them.
std::optional<ReduceLines> lines_of(const Dims& dims, const std::vector<bool>& gone) {
  ReduceLines out;
  bool before = true;
  bool after = false;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 1) continue;
    if (gone[d] && after) return std::nullopt;
    before = before && !gone[d];
    after = after || (!before && !gone[d]);
    (gone[d] ? out.size : before ? out.outer : out.inner) *= dims[d];
  }
  return out;
}

/// Largest or smallest integers of lines that lie side by side, in their own type.
template <class T, bool kMost>
void extremes(const ReduceLines& lines, const Tensor& x, Tensor& y) {
  const auto better = [](T a, T b) { return kMost ? (a > b ? a : b) : (a < b ? a : b); };
  const std::int64_t narrow = std::max<std::int64_t>(64, lines.inner / std::max<std::int64_t>(1, 16 / lines.outer));
  const std::int64_t columns = std::min<std::int64_t>({lines.inner, narrow, 4096});
  const std::int64_t blocks = (lines.inner + columns - 1) / columns;
  const std::int64_t grain = (1 << 13) / std::max<std::int64_t>(1, columns * lines.size);
  parallel_ranges(lines.outer * blocks, grain, [&](std::int64_t block, std::int64_t end) {
    for (; block < end; ++block) {
      const std::int64_t first = block % blocks * columns;
      const std::int64_t o = block / blocks;
      const auto count = static_cast<std::size_t>(std::min(columns, lines.inner - first));
      const T* row = reinterpret_cast<const T*>(x.data()) + o * lines.size * lines.inner + first;
      T* const out = reinterpret_cast<T*>(y.data()) + o * lines.inner + first;
      std::copy_n(row, count, out);
      std::int64_t k = 1;
      for (; k + 4 <= lines.size; k += 4) {
        const T* const a = row + k * lines.inner;
        const T* const b = a + lines.inner;
        const T* const c = b + lines.inner;
        const T* const d = c + lines.inner;
        for (std::size_t i = 0; i < count; ++i) out[i] = better(out[i], better(better(a[i], b[i]), better(c[i], d[i])));
      }
      for (; k < lines.size; ++k) {
        for (std::size_t i = 0; i < count; ++i)
          out[i] = better(out[i], row[k * lines.inner + static_cast<std::int64_t>(i)]);
      }
    }
  });
}

void log_sum_exp(const SumWalk& walk, const double* x, std::span<double> y) {
  std::vector<double> top(y.size());
  reduce<double>(Reducer<double>(ReduceKind::kMax, DataType::kF64), walk, x, top);
  for (double& value : top) value = std::isfinite(value) ? value : 0;
  std::ranges::fill(y, 0);
  walk.visit([&](std::int64_t from, std::int64_t to) {
    const auto at = static_cast<std::size_t>(to);
    y[at] += std::exp(x[from] - top[at]);
  });
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::log(y[i]) + top[i];
}

template <class T>
Result<Tensor> reduced(ReduceKind kind, const SumWalk& walk, std::int64_t each, const Tensor& x, const Dims& dims,
                       const EvalContext& context) {
  constexpr DataType kType = dtype_of<T>;
  TRY(Tensor y, context.allocate(kType, dims));
  TRY(const Tensor numbers, cast(x, kType));
  const Reducer<T> reducer(kind, x.dtype());
  reduce(reducer, walk, numbers.template span<T>().data(), y.template span<T>());
  for (T& sum : y.template span<T>()) sum = reducer.finish(sum, each);
  return cast(y, x.dtype());
}

/// The type when only the data say which axes go; how many go decides the rank.
Result<TensorTypes> of_unknown_axes(const InferContext& context, bool keepdims) {
  int rank = context.rank(0);
  if (!keepdims) {
    TRY(const std::int64_t gone, known_length(Reduce::kInfo, context, 1));
    if (gone > rank) return invalid_argument("Reduce: ", gone, " axes of ", context.shape(0));
    rank -= static_cast<int>(gone);
  }
  Shape shape;
  for (int i = 0; i < rank; ++i) shape.push_back(context.fresh_dim("reduced"));
  return TensorTypes{{context.dtype(0), std::move(shape)}};
}

}  // namespace

Result<TensorTypes> Reduce::infer(const InferContext& context) const {
  const DataType type = context.dtype(0);
  const bool order = kind == ReduceKind::kMax || kind == ReduceKind::kMin;
  if (!is_real(type) || (type == DataType::kBool && !order)) {
    return unsupported("Reduce: ", enum_names(kind)[static_cast<std::size_t>(kind)], " of ", context.type(0));
  }
  const bool codes = is_integer(type) && bit_width(type) <= 16;
  if (as_f32 && (!codes || (kind != ReduceKind::kSum && kind != ReduceKind::kMean))) {
    return unsupported("Reduce: ", enum_names(kind)[static_cast<std::size_t>(kind)], " of ", context.type(0),
                       " as f32");
  }
  TRY(const std::optional<Dims> known, known_integers(kInfo, context, 1, axes));
  if (!known) {
    TRY(TensorTypes types, of_unknown_axes(context, keepdims));
    if (as_f32) types[0].dtype = DataType::kF32;
    return types;
  }
  TRY(const std::vector<bool> gone, reduced_axes(*known, noop_with_empty_axes, context.rank(0)));
  Shape shape;
  for (std::size_t d = 0; d < gone.size(); ++d) {
    if (!gone[d]) {
      shape.push_back(context.shape(0)[d]);
    } else if (keepdims) {
      shape.emplace_back(1);
    }
  }
  return TensorTypes{{as_f32 ? DataType::kF32 : type, std::move(shape)}};
}

Result<Tensors> Reduce::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  if (as_f32) {
    TRY(const Tensor numbers, cast(*inputs[0], DataType::kF32));
    std::vector<const Tensor*> floats(inputs.begin(), inputs.end());
    floats[0] = &numbers;
    return Reduce{kind, axes, keepdims, noop_with_empty_axes}.evaluate(floats, context);
  }
  const Tensor& x = *inputs[0];
  Dims along = axes;
  if (const Tensor* given = input_at(inputs, 1)) {
    TRY(along, to_i64(*given));
  }
  TRY(const std::vector<bool> gone, reduced_axes(along, noop_with_empty_axes, x.rank()));
  SumWalk walk{x.dims(), Dims(gone.size(), 0)};
  std::int64_t stride = 1;
  std::int64_t each = 1;
  for (std::size_t d = gone.size(); d-- > 0;) {
    if (gone[d]) {
      each *= x.dims()[d];
    } else {
      walk.strides[d] = stride;
      stride *= x.dims()[d];
    }
  }
  const bool integers = !is_float(x.dtype());
  const bool is_signed = x.dtype() == DataType::kI64 || x.dtype() == DataType::kI32 || x.dtype() == DataType::kI16 ||
                         x.dtype() == DataType::kI8 || x.dtype() == DataType::kI4 || x.dtype() == DataType::kI2;
  const auto lines = lines_of(x.dims(), gone);
  const bool rounds = integers && kind == ReduceKind::kLogSumExp;  // a cast truncates
  if (lines && !rounds && bit_width(x.dtype()) >= 16 && x.count() > 0) {
    TRY(Tensor out, allocate_raw(context, x.dtype(), results[0].dims));
    const bool most = kind == ReduceKind::kMax;
    if (x.dtype() == DataType::kI32 && lines->inner > 1 && (most || kind == ReduceKind::kMin)) {
      most ? extremes<std::int32_t, true>(*lines, x, out) : extremes<std::int32_t, false>(*lines, x, out);
    } else if (kind == ReduceKind::kLogSumExp) {
      log_sum_exp_lines(*lines, x, out);
    } else if (!integers) {
      reduce_lines<double>(kind, *lines, x, out);
    } else if (is_signed) {
      reduce_lines<std::int64_t>(kind, *lines, x, out);
    } else {
      reduce_lines<std::uint64_t>(kind, *lines, x, out);
    }
    return one(std::move(out));
  }
  Result<Tensor> y = internal_error("not evaluated");
  if (kind == ReduceKind::kLogSumExp || is_float(x.dtype())) {
    if (kind == ReduceKind::kLogSumExp) {
      TRY(Tensor sums, context.allocate(DataType::kF64, results[0].dims));
      TRY(const Tensor numbers, as_f64(x));
      log_sum_exp(walk, numbers.span<double>().data(), sums.span<double>());
      y = cast(sums, x.dtype());
    } else {
      y = reduced<double>(kind, walk, each, x, results[0].dims, context);
    }
  } else if (is_signed) {
    y = reduced<std::int64_t>(kind, walk, each, x, results[0].dims, context);
  } else {
    y = reduced<std::uint64_t>(kind, walk, each, x, results[0].dims, context);
  }
  if (!y) return std::move(y).error();
  return one(*std::move(y));
}

std::optional<std::vector<Dim>> Reduce::contents(const InferContext& context) const {
  const std::optional<std::vector<Dim>> in = context.contents(0);
  if (!in || context.rank(0) != 1 || in->empty()) return std::nullopt;
  Dim out = in->front();
  for (std::size_t i = 1; i < in->size(); ++i) {
    const Dim& next = (*in)[i];
    switch (kind) {
      case ReduceKind::kSum: out = out + next; break;
      case ReduceKind::kProd: out = out * next; break;
      case ReduceKind::kMax: out = Dim::max(out, next); break;
      case ReduceKind::kMin: out = Dim::min(out, next); break;
      default: return std::nullopt;
    }
  }
  if (in->size() == 1 && kind != ReduceKind::kSum && kind != ReduceKind::kProd && kind != ReduceKind::kMax &&
      kind != ReduceKind::kMin) {
    return std::nullopt;
  }
  return std::vector<Dim>{out};
}

}  // namespace bolide
