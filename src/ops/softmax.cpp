#include "ops/softmax.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

Result<TensorTypes> infer_along(const OpInfo& info, std::int64_t axis, const InferContext& context) {
  TRY_OK(require_float(info, context));
  TRY_OK(checked_axis(info, axis, context.rank(0)));
  return TensorTypes{context.type(0)};
}

/// Calls line(numbers) on a copy of every line along the axis, and keeps what it leaves there.
Result<Tensors> evaluate_along(std::int64_t axis, TensorInputs inputs, const EvalContext& context,
                               FunctionRef<void(std::span<double>)> line) {
  const Dims& dims = inputs[0]->dims();
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + inputs[0]->rank() : axis);
  const std::int64_t size = dims[at];
  const std::int64_t inner = product(dims, at + 1, dims.size());
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  if (y.count() > 0) {
    parallel_ranges(y.count() / size, 1 + 4096 / size, [&](std::int64_t begin, std::int64_t end) {
      std::vector<double> numbers(static_cast<std::size_t>(size));
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t start = i / inner * inner * size + i % inner;
        const double* from = x.span<double>().data() + start;
        double* to = y.span<double>().data() + start;
        for (std::int64_t k = 0; k < size; ++k) numbers[static_cast<std::size_t>(k)] = from[k * inner];
        line(numbers);
        for (std::int64_t k = 0; k < size; ++k) to[k * inner] = numbers[static_cast<std::size_t>(k)];
      }
    });
  }
  TRY(Tensor stored, store_f64(y, inputs[0]->dtype()));
  return one(std::move(stored));
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
  return evaluate_along(axis, inputs, context, [](std::span<double> v) {
    const auto top = std::ranges::max_element(v) - v.begin();
    std::ranges::fill(v, 0);
    v[static_cast<std::size_t>(top)] = 1;
  });
}

}  // namespace bolide
