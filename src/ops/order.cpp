#include "ops/order.h"

#include "ops/elements.h"
#include "ops/expr_apply.h"
#include "ops/nan.h"
#include "ops/ordered.h"
#include "ops/reference.h"
#include "ops/row_place.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

Status check_real(const OpInfo& info, DataType type) {
  if (is_real(type)) return ok();
  return unsupported(info.name, " of ", type, "; real numbers work");
}

/// Lines of a tensor along one axis.
struct Lines {
  std::int64_t outer = 1;
  std::int64_t size = 1;
  std::int64_t inner = 1;
  Lines(const Dims& dims, std::size_t axis)
      : outer(product(dims, 0, axis)), size(dims[axis]), inner(product(dims, axis + 1, dims.size())) {}
  std::int64_t at(std::int64_t o, std::int64_t i, std::int64_t n) const { return (o * size + i) * inner + n; }
};

/// A strict order in which NaN is above all.
template <class T>
bool above(T a, T b) {
  return is_nan(a) ? !is_nan(b) : a > b;
}

/// An element of a line by its rank: what comes first is less. Equal values stand by falling index.
template <class T>
struct Ranked {
  std::uint64_t key = 0;
  std::int64_t place = 0;
  std::int64_t index() const { return place; }
  bool operator<(const Ranked& other) const { return key != other.key ? key < other.key : place < other.place; }
};
/// Of 32 bits: the index stands in the low half of the key, and one comparison decides.
template <>
struct Ranked<float> {
  std::uint64_t key = 0;
  std::int64_t index() const { return static_cast<std::int64_t>(key & 0xFFFFFFFFU); }
  bool operator<(const Ranked& other) const { return key < other.key; }
};

/// take(index, ranked) for every element of a line, by rising index.
template <class T, class Take>
void rank_line(const Tensor& x, const Lines& lines, std::int64_t o, std::int64_t n, bool largest, const Take& take) {
  constexpr std::int64_t kPiece = 1024;
  std::array<T, kPiece> values;
  std::array<std::int64_t, kPiece> places;
  for (std::int64_t done = 0; done < lines.size; done += kPiece) {
    const auto count = static_cast<int>(std::min(kPiece, lines.size - done));
    if (lines.inner == 1) {
      load(x, lines.at(o, done, n), count, values.data());
    } else {
      for (int i = 0; i < count; ++i) places[static_cast<std::size_t>(i)] = lines.at(o, done + i, n);
      load_at(x, places.data(), count, values.data());
    }
    for (int i = 0; i < count; ++i) {
      const std::uint64_t rising = ordered(values[static_cast<std::size_t>(i)]);
      const std::uint64_t key = largest ? ~rising : rising;
      if constexpr (std::is_same_v<T, float>) {
        take(done + i, Ranked<T>{key << 32 | static_cast<std::uint64_t>(done + i)});
      } else {
        take(done + i, Ranked<T>{key, done + i});
      }
    }
  }
}

/// The first of a line by rank. Of few among many, what cannot be one of them is passed by.
template <class T>
class FirstRanked {
 public:
  FirstRanked(std::int64_t size, std::int64_t count)
      : few_(count <= size / 16 && 2 * count + 64 < size),
        count_(static_cast<std::size_t>(count)),
        kept_(static_cast<std::size_t>(few_ ? 2 * count + 64 : size)) {}

  /// The first `count` of line (o, n), in order; until the next call.
  std::span<const Ranked<T>> of(const Tensor& x, const Lines& lines, std::int64_t o, std::int64_t n, bool largest) {
    if (count_ == 0) return {};
    Ranked<T>* const kept = kept_.data();
    std::size_t used = kept_.size();
    if (few_) {
      used = 0;
      Ranked<T> bound = last();
      rank_line<T>(x, lines, o, n, largest, [&](std::int64_t, const Ranked<T>& ranked) {
        if (!(ranked < bound)) return;
        if (used == kept_.size()) {
          select(used);
          used = count_;
          bound = kept[count_ - 1];
          if (!(ranked < bound)) return;
        }
        kept[used++] = ranked;
      });
    } else {
      rank_line<T>(x, lines, o, n, largest, [kept](std::int64_t i, const Ranked<T>& ranked) { kept[i] = ranked; });
    }
    const auto middle = kept_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(used);
    if (count_ <= used / 16) {
      std::partial_sort(kept_.begin(), middle, end);
    } else {
      if (used > count_) select(used);
      std::sort(kept_.begin(), middle);
    }
    return std::span(kept_).first(count_);
  }

 private:
  /// After every element.
  static Ranked<T> last() {
    Ranked<T> out;
    out.key = std::numeric_limits<std::uint64_t>::max();
    if constexpr (!std::is_same_v<T, float>) out.place = std::numeric_limits<std::int64_t>::max();
    return out;
  }
  /// The first `count` of the first `used` go to the front, the last of them last.
  void select(std::size_t used) {
    std::nth_element(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count_ - 1),
                     kept_.begin() + static_cast<std::ptrdiff_t>(used));
  }

  bool few_;
  std::size_t count_;
  std::vector<Ranked<T>> kept_;
};

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

/// Columns of `count` lines that lie side by side, read row by row.
template <class T>
class Rows {
 public:
  Rows(const Tensor& x, std::int64_t count) : x_(x), values_(static_cast<std::size_t>(count)) {}
  const T* at(std::int64_t begin) {
    if (x_.dtype() == dtype_of<T>) return reinterpret_cast<const T*>(x_.data()) + begin;
    load(x_, begin, static_cast<int>(values_.size()), values_.data());
    return values_.data();
  }

 private:
  const Tensor& x_;
  std::vector<T> values_;
};

constexpr std::int64_t kMostColumns = 1 << 12;
/// f(o, n, columns) for blocks of lines (o, n .. n + columns), several at once.
template <class F>
void each_block(const Lines& lines, const F& f) {
  if (lines.outer == 0 || lines.inner == 0) return;
  // Short of lines far apart in memory, blocks are narrower so that every thread has some.
  const std::int64_t narrow = std::max<std::int64_t>(64, lines.inner / std::max<std::int64_t>(1, 16 / lines.outer));
  const std::int64_t columns = std::min({lines.inner, kMostColumns, narrow});
  const std::int64_t blocks = (lines.inner + columns - 1) / columns;
  const std::int64_t grain = (1 << 13) / std::max<std::int64_t>(1, columns * lines.size);
  parallel_ranges(lines.outer * blocks, grain, [&](std::int64_t at, std::int64_t end) {
    for (; at < end; ++at) {
      const std::int64_t n = at % blocks * columns;
      f(at / blocks, n, std::min(columns, lines.inner - n));
    }
  });
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
  const Lines lines(x.dims(), axis);
  std::int64_t* const places = out.span<std::int64_t>().data();
  if (lines.inner == 1 && lines.size <= std::numeric_limits<int>::max()) {
    const std::int64_t grain = (1 << 13) / std::max<std::int64_t>(1, lines.size);
    parallel_ranges(lines.outer, grain, [&](std::int64_t o, std::int64_t end) {
      Rows<T> rows(x, lines.size);
      for (; o < end; ++o) places[o] = place_in_row(options, rows.at(o * lines.size), lines.size);
    });
    return;
  }
  each_block(lines, [&](std::int64_t o, std::int64_t n, std::int64_t columns) {
    Rows<T> rows(x, columns);
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

Result<TensorTypes> infer_running(const OpInfo& info, const InferContext& context) {
  TRY_OK(check_real(info, context.dtype(0)));
  TRY_OK(check_sizes_input(info, context, 1));
  return TensorTypes{context.type(0)};
}

/// Element by element: two may share a byte.
template <class T, class Step>
void run_packed(const Lines& lines, const Step& step, T start, bool reverse, bool exclusive, const Tensor& x,
                Tensor& y) {
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    for (std::int64_t n = 0; n < lines.inner; ++n) {
      T sum = start;
      for (std::int64_t i = 0; i < lines.size; ++i) {
        const std::int64_t place = lines.at(o, reverse ? lines.size - 1 - i : i, n);
        const T next = step(sum, load_one<T>(x, place));
        store_one<T>(y, place, exclusive ? sum : next);
        sum = next;
      }
    }
  }
}

template <Fn kFn, class T>
void next_row(const T* sum, const T* row, std::size_t width, T* next) {
  for (std::size_t c = 0; c < width; ++c) next[c] = apply_one<kFn, T>(sum[c], row[c], T());
}

template <class T>
void run_blocks(const Lines& lines, bool adds, bool reverse, bool exclusive, const Tensor& x, Tensor& y) {
  const auto step = [adds](T sum, T value) {
    return adds ? apply_one<Fn::kAdd, T>(sum, value, T()) : apply_one<Fn::kMul, T>(sum, value, T());
  };
  const T start = adds ? T(0) : T(1);
  if (bit_width(y.dtype()) < 8) return run_packed<T>(lines, step, start, reverse, exclusive, x, y);
  if (lines.inner == 1) {
    const std::int64_t grain = (1 << 13) / std::max<std::int64_t>(1, lines.size);
    parallel_ranges(lines.outer, grain, [&](std::int64_t o, std::int64_t end) {
      constexpr std::int64_t kPiece = 1024;
      std::array<T, kPiece> values;
      for (; o < end; ++o) {
        T sum = start;
        for (std::int64_t done = 0; done < lines.size; done += kPiece) {
          const std::int64_t count = std::min(kPiece, lines.size - done);
          const std::int64_t begin = o * lines.size + (reverse ? lines.size - done - count : done);
          load(x, begin, static_cast<int>(count), values.data());
          for (std::int64_t i = 0; i < count; ++i) {
            T& value = values[static_cast<std::size_t>(reverse ? count - 1 - i : i)];
            const T next = step(sum, value);
            value = exclusive ? sum : next;
            sum = next;
          }
          store(y, begin, static_cast<int>(count), values.data());
        }
      }
    });
    return;
  }
  each_block(lines, [&](std::int64_t o, std::int64_t n, std::int64_t columns) {
    const auto width = static_cast<std::size_t>(columns);
    std::vector<T> sum(width, start);
    if (!exclusive && x.dtype() == dtype_of<T> && y.dtype() == dtype_of<T>) {
      const T* const from = reinterpret_cast<const T*>(x.data());
      T* const to = y.span<T>().data();
      const T* before = sum.data();
      for (std::int64_t i = 0; i < lines.size; ++i) {
        const std::int64_t at = lines.at(o, reverse ? lines.size - 1 - i : i, n);
        adds ? next_row<Fn::kAdd>(before, from + at, width, to + at)
             : next_row<Fn::kMul>(before, from + at, width, to + at);
        before = to + at;
      }
      return;
    }
    Rows<T> rows(x, columns);
    std::vector<T> next(width, start);
    for (std::int64_t i = 0; i < lines.size; ++i) {
      const std::int64_t at = lines.at(o, reverse ? lines.size - 1 - i : i, n);
      const T* const row = rows.at(at);
      adds ? next_row<Fn::kAdd>(sum.data(), row, width, next.data())
           : next_row<Fn::kMul>(sum.data(), row, width, next.data());
      store(y, at, static_cast<int>(columns), exclusive ? sum.data() : next.data());
      sum.swap(next);
    }
  });
}

/// Of CumSum (fn is addition) and CumProd (multiplication).
template <class Op>
Result<Tensors> run_running(const Op& op, Fn fn, TensorInputs inputs, const EvalContext& context) {
  TRY(Tensors out, raw_outputs_of(op, inputs, context));
  TRY(const Dims axis, to_i64(*inputs[1]));
  if (axis.size() != 1) return invalid_argument(Op::kInfo.name, ": ", axis.size(), " axes, not one");
  TRY(const std::size_t at, normalize_axis(axis[0], inputs[0]->rank()).within(Op::kInfo.name));
  const Lines lines(inputs[0]->dims(), at);
  with_compute_type(compute_type(out[0].dtype()), [&](auto zero) {
    using T = decltype(zero);
    run_blocks<T>(lines, fn == Fn::kAdd, op.reverse, op.exclusive, *inputs[0], out[0]);
  });
  return out;
}

}  // namespace

Result<TensorTypes> CumSum::infer(const InferContext& context) const { return infer_running(kInfo, context); }
Result<Tensors> CumSum::evaluate(TensorInputs inputs, EvalContext& context) const {
  return run_running(*this, Fn::kAdd, inputs, context);
}

Result<TensorTypes> CumProd::infer(const InferContext& context) const { return infer_running(kInfo, context); }
Result<Tensors> CumProd::evaluate(TensorInputs inputs, EvalContext& context) const {
  return run_running(*this, Fn::kMul, inputs, context);
}

Result<TensorTypes> TopK::infer(const InferContext& context) const {
  TRY_OK(check_real(kInfo, context.dtype(0)));
  TRY_OK(check_sizes_input(kInfo, context, 1));
  TRY(const std::size_t at, normalize_axis(axis, context.rank(0)).within("TopK"));
  if (const auto count = element_count(context.shape(1)).constant(); count && *count != 1) {
    return invalid_argument("TopK: k is ", context.type(1), ", expected one number");
  }
  const auto k = context.contents(1);
  TensorType values = context.type(0);
  const Dim size = values.shape[at];
  values.shape[at] = k && k->size() == 1 ? (*k)[0] : context.fresh_dim("k");
  const auto count = values.shape[at].constant();
  if (count && (*count < 0 || (size.is_constant() && *count > *size.constant()))) {
    return invalid_argument("TopK: k is ", *count, " of a size of ", size);
  }
  TensorType indices{DataType::kI64, values.shape};
  TensorTypes out{std::move(values), std::move(indices)};
  out.resize(std::min<std::size_t>(out.size(), static_cast<std::size_t>(std::max(context.output_count(), 1))));
  return out;
}

Result<Tensors> TopK::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  const Lines lines(inputs[0]->dims(), at);
  const Lines taken(out[0].dims(), at);
  if (lines.size > INT64_C(0xFFFFFFFF)) return unsupported("TopK: ", lines.size, " elements along the axis");
  with_compute_type(compute_type(out[0].dtype()), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t grain = bit_width(out[0].dtype()) < 8 ? lines.outer * lines.inner  // two may share a byte
                                                             : (1 << 11) / std::max<std::int64_t>(1, lines.size);
    parallel_ranges(lines.outer * lines.inner, grain, [&](std::int64_t line, std::int64_t end) {
      FirstRanked<T> first(lines.size, taken.size);
      for (; line < end; ++line) {
        const std::int64_t o = line / lines.inner;
        const std::int64_t n = line % lines.inner;
        const auto order = first.of(*inputs[0], lines, o, n, largest);
        for (std::int64_t i = 0; i < taken.size; ++i) {
          const std::int64_t from = order[static_cast<std::size_t>(i)].index();
          copy_run(*inputs[0], lines.at(o, from, n), out[0], taken.at(o, i, n), 1);
          if (out.size() > 1) out[1].span<std::int64_t>()[static_cast<std::size_t>(taken.at(o, i, n))] = from;
        }
      }
    });
  });
  return out;
}

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
