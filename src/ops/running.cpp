#include "ops/order.h"

#include "ops/axis_lines.h"
#include "ops/elements.h"
#include "ops/expr_apply.h"
#include "ops/reference.h"

#include <algorithm>
#include <array>
#include <vector>

namespace bolide {
namespace {

Result<TensorTypes> infer_running(const OpInfo& info, const InferContext& context) {
  TRY_OK(check_real(info, context.dtype(0)));
  TRY_OK(check_sizes_input(info, context, 1));
  return TensorTypes{context.type(0)};
}

/// Element by element: two may share a byte.
template <class T, class Step>
void run_packed(const AxisLines& lines, const Step& step, T start, bool reverse, bool exclusive, const Tensor& x,
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
void run_blocks(const AxisLines& lines, bool adds, bool reverse, bool exclusive, const Tensor& x, Tensor& y) {
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
  each_block_of_lines(lines, [&](std::int64_t o, std::int64_t n, std::int64_t columns) {
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
    AxisRows<T> rows(x, columns);
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
  const AxisLines lines(inputs[0]->dims(), at);
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

}  // namespace bolide
