#include "ops/softmax.h"

#include "ops/along_axis.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bolide {
namespace {

Result<TensorTypes> infer_along(const OpInfo& info, std::int64_t axis, const InferContext& context) {
  TRY_OK(require_float(info, context));
  TRY_OK(checked_axis(info, axis, context.rank(0)));
  return TensorTypes{context.type(0)};
}

Result<Tensors> evaluate_along(std::int64_t axis, TensorInputs inputs, const EvalContext& context,
                               FunctionRef<void(std::span<double>)> line) {
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + inputs[0]->rank() : axis);
  TRY(Tensor y, along_axis(*inputs[0], at, context, line));
  return one(std::move(y));
}

/// The first place of the largest number; NaN is larger than none, and none is larger than a NaN at the start.
template <class T>
std::size_t first_largest(std::span<const T> v) {
  if (std::isnan(v[0])) return 0;
  constexpr std::size_t kLanes = 16;
  std::array<T, kLanes> best;
  best.fill(v[0]);
  std::size_t i = 0;
  for (; i + kLanes <= v.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) best[lane] = best[lane] < v[i + lane] ? v[i + lane] : best[lane];
  }
  T top = *std::ranges::max_element(best);
  for (; i < v.size(); ++i) top = top < v[i] ? v[i] : top;
  return static_cast<std::size_t>(std::ranges::find(v, top) - v.begin());
}

}  // namespace

Result<TensorTypes> Softmax::infer(const InferContext& context) const { return infer_along(kInfo, axis, context); }
Result<Tensors> Softmax::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  return evaluate_along(axis, inputs, context, [](std::span<double> v) {
    const double top = *std::ranges::max_element(v);
    double sum = 0;
    for (double& value : v) sum += value = std::exp(value - top);
    for (double& value : v) value /= sum;
  });
}

Result<TensorTypes> LogSoftmax::infer(const InferContext& context) const { return infer_along(kInfo, axis, context); }
Result<Tensors> LogSoftmax::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  return evaluate_along(axis, inputs, context, [](std::span<double> v) {
    const double top = *std::ranges::max_element(v);
    double sum = 0;
    for (const double value : v) sum += std::exp(value - top);
    const double shift = top + std::log(sum);
    for (double& value : v) value -= shift;
  });
}

Result<TensorTypes> Hardmax::infer(const InferContext& context) const { return infer_along(kInfo, axis, context); }
Result<Tensors> Hardmax::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  const Tensor& x = *inputs[0];
  if (x.dtype() != DataType::kF32 || (axis != -1 && axis != x.rank() - 1)) {
    return evaluate_along(axis, inputs, context, [](std::span<double> v) {
      const std::size_t top = first_largest<double>(v);
      std::ranges::fill(v, 0);
      v[top] = 1;
    });
  }
  TRY(Tensor y, allocate_raw(context, x.dtype(), x.dims()));
  if (y.count() == 0) return one(std::move(y));
  const auto size = static_cast<std::size_t>(x.dims().back());
  const auto rows = static_cast<std::int64_t>(y.span<float>().size() / size);
  parallel_ranges(rows, 1 + (1 << 13) / x.dims().back(), [&](std::int64_t row, std::int64_t end) {
    for (; row < end; ++row) {
      const std::size_t at = static_cast<std::size_t>(row) * size;
      const auto to = y.span<float>().subspan(at, size);
      std::ranges::fill(to, 0.0F);
      to[first_largest<float>(x.span<float>().subspan(at, size))] = 1;
    }
  });
  return one(std::move(y));
}

}  // namespace bolide
