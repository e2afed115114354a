#include "ops/softmax.h"

#include "ops/along_axis.h"

#include <algorithm>
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
    std::size_t top = 0;
    double most = v[0];  // by itself, so that a step waits for no store
    for (std::size_t i = 1; i < v.size(); ++i) {
      if (most < v[i]) {
        most = v[i];
        top = i;
      }
    }
    std::ranges::fill(v, 0);
    v[top] = 1;
  });
}

}  // namespace bolide
