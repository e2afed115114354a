#include "ops/order.h"

#include "ops/elements.h"
#include "ops/nan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

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

template <class T>
std::vector<T> line_of(const Tensor& x, const Lines& lines, std::int64_t o, std::int64_t n) {
  std::vector<T> out(static_cast<std::size_t>(lines.size));
  for (std::int64_t i = 0; i < lines.size; ++i) out[static_cast<std::size_t>(i)] = load_one<T>(x, lines.at(o, i, n));
  return out;
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

template <class T>
void evaluate_arg(const ArgOptions& options, const Tensor& x, std::size_t axis, Tensor& out) {
  const Lines lines(x.dims(), axis);
  for (std::int64_t o = 0; o < lines.outer; ++o) {
    for (std::int64_t n = 0; n < lines.inner; ++n) {
      const std::vector<T> line = line_of<T>(x, lines, o, n);
      std::size_t best = 0;
      for (std::size_t i = 1; i < line.size(); ++i) {
        const T a = options.largest ? line[i] : line[best];
        const T b = options.largest ? line[best] : line[i];
        const bool tie = !above(a, b) && !above(b, a);
        if (above(a, b) || (tie && options.last)) best = i;
      }
      out.span<std::int64_t>()[static_cast<std::size_t>(o * lines.inner + n)] = static_cast<std::int64_t>(best);
    }
  }
}

template <class T>
Result<Tensors> run_arg(const T& op, const ArgOptions& options, TensorInputs inputs, const EvalContext& context) {
  TRY(Tensors out, outputs_of(op, inputs, context));
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

/// Of CumSum (fn is addition) and CumProd (multiplication).
template <class Op>
Result<Tensors> run_running(const Op& op, Fn fn, TensorInputs inputs, const EvalContext& context) {
  TRY(Tensors out, outputs_of(op, inputs, context));
  TRY(const Dims axis, to_i64(*inputs[1]));
  if (axis.size() != 1) return invalid_argument(Op::kInfo.name, ": ", axis.size(), " axes, not one");
  TRY(const std::size_t at, normalize_axis(axis[0], inputs[0]->rank()).within(Op::kInfo.name));
  const Lines lines(inputs[0]->dims(), at);
  with_compute_type(compute_type(out[0].dtype()), [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t o = 0; o < lines.outer; ++o) {
      for (std::int64_t n = 0; n < lines.inner; ++n) {
        T sum = fn == Fn::kAdd ? T(0) : T(1);
        for (std::int64_t i = 0; i < lines.size; ++i) {
          const std::int64_t place = lines.at(o, op.reverse ? lines.size - 1 - i : i, n);
          const T next = apply<T>(fn, sum, load_one<T>(*inputs[0], place));
          store_one<T>(out[0], place, op.exclusive ? sum : next);
          sum = next;
        }
      }
    }
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
  TRY(Tensors out, outputs_of(*this, inputs, context));
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  const Lines lines(inputs[0]->dims(), at);
  const Lines taken(out[0].dims(), at);
  with_compute_type(compute_type(out[0].dtype()), [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t o = 0; o < lines.outer; ++o) {
      for (std::int64_t n = 0; n < lines.inner; ++n) {
        const std::vector<T> line = line_of<T>(*inputs[0], lines, o, n);
        std::vector<std::size_t> order(line.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::partial_sort(order.begin(), order.begin() + taken.size, order.end(), [&](std::size_t a, std::size_t b) {
          const bool first = largest ? above(line[a], line[b]) : above(line[b], line[a]);
          const bool second = largest ? above(line[b], line[a]) : above(line[a], line[b]);
          return first != second ? first : a < b;
        });
        for (std::int64_t i = 0; i < taken.size; ++i) {
          const auto from = static_cast<std::int64_t>(order[static_cast<std::size_t>(i)]);
          copy_run(*inputs[0], lines.at(o, from, n), out[0], taken.at(o, i, n), 1);
          if (out.size() > 1) out[1].span<std::int64_t>()[static_cast<std::size_t>(taken.at(o, i, n))] = from;
        }
      }
    }
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
