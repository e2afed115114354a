#include "ops/layer_normalization.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

Status check(const OpInfo& info, std::int64_t axis, const InferContext& context) {
  TRY_OK(checked_axis(info, axis, context.rank(0)));
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) continue;
    TRY_OK(require_float(info, context, i));
    Result<Shape> both = broadcast(context.shape(0), context.shape(i));
    if (!both) return std::move(both).within(info.name).error();
    const auto wide = constant_dims(*both);
    const auto x = constant_dims(context.shape(0));
    if (both->size() != context.shape(0).size() || (wide && x && *wide != *x)) {
      return invalid_argument(info.name, ": input ", i, " ", context.shape(i), " does not broadcast to x ",
                              context.shape(0));
    }
  }
  return ok();
}

/// numbers * scale + bias, stored.
Result<Tensor> scaled(const Tensor& numbers, const Tensor* scale, const Tensor* bias, DataType out) {
  Expr expr(bias != nullptr ? 3 : 2);
  const Expr::Arg product = expr.push(Fn::kMul, Expr::in(0), Expr::in(1));
  std::vector<const Tensor*> inputs = {&numbers, scale};
  if (bias != nullptr) {
    expr.push(Fn::kAdd, product, Expr::in(2));
    inputs.push_back(bias);
  }
  return evaluate(expr, inputs, DataType::kF64, out);
}

/// Lines of the last dims of x, normalized; `mean` and `invstd` (may be null) take one number a line.
void normalize_lines(std::span<const double> x, std::int64_t size, bool centre, double epsilon, double* y, double* mean,
                     double* invstd) {
  const std::int64_t lines = size == 0 ? 0 : static_cast<std::int64_t>(x.size()) / size;
  parallel_ranges(lines, 1 + 4096 / std::max<std::int64_t>(1, size), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto line = x.subspan(static_cast<std::size_t>(i * size), static_cast<std::size_t>(size));
      double middle = 0;
      if (centre) {
        for (const double value : line) middle += value;
        middle /= static_cast<double>(size);
      }
      double square = 0;
      for (const double value : line) square += (value - middle) * (value - middle);
      const double factor = 1 / std::sqrt(square / static_cast<double>(size) + epsilon);
      for (std::size_t k = 0; k < line.size(); ++k)
        y[i * size + static_cast<std::int64_t>(k)] = (line[k] - middle) * factor;
      if (mean != nullptr) mean[i] = middle;
      if (invstd != nullptr) invstd[i] = factor;
    }
  });
}

}  // namespace

Result<TensorTypes> LayerNormalization::infer(const InferContext& context) const {
  TRY_OK(check(kInfo, axis, context));
  TRY(const int first, checked_axis(kInfo, axis, context.rank(0)));
  TensorTypes types = {context.type(0)};
  TensorType statistics{context.dtype(0) == DataType::kF64 ? DataType::kF64 : DataType::kF32, context.shape(0)};
  for (std::size_t d = static_cast<std::size_t>(first); d < statistics.shape.size(); ++d) statistics.shape[d] = Dim(1);
  for (int i = 1; i < context.output_count(); ++i) types.push_back(statistics);
  return types;
}

Result<Tensors> LayerNormalization::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  TRY(const int first, checked_axis(kInfo, axis, inputs[0]->rank()));
  const std::int64_t size = product(dims, static_cast<std::size_t>(first), dims.size());
  Dims outer = dims;
  for (std::size_t d = static_cast<std::size_t>(first); d < outer.size(); ++d) outer[d] = 1;
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  TRY(Tensor mean, context.allocate(DataType::kF64, outer));
  TRY(Tensor invstd, context.allocate(DataType::kF64, outer));
  TRY(const Tensor x, as_f64(*inputs[0]));
  normalize_lines(x.span<double>(), size, true, double{epsilon}, y.span<double>().data(), mean.span<double>().data(),
                  invstd.span<double>().data());
  TRY(Tensor stored, scaled(y, inputs[1], input_at(inputs, 2), inputs[0]->dtype()));
  Tensors out = one(std::move(stored));
  const Tensor* more[] = {&mean, &invstd};
  for (std::size_t i = 1; i < results.size(); ++i) {
    TRY(Tensor extra, store_f64(*more[i - 1], results[i].dtype));
    out.push_back(std::move(extra));
  }
  return out;
}

Result<TensorTypes> RMSNormalization::infer(const InferContext& context) const {
  TRY_OK(check(kInfo, axis, context));
  return TensorTypes{context.type(0)};
}

Result<Tensors> RMSNormalization::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  TRY(const int first, checked_axis(kInfo, axis, inputs[0]->rank()));
  const Dims& dims = inputs[0]->dims();
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  normalize_lines(x.span<double>(), product(dims, static_cast<std::size_t>(first), dims.size()), false, double{epsilon},
                  y.span<double>().data(), nullptr, nullptr);
  TRY(Tensor stored, scaled(y, inputs[1], nullptr, inputs[0]->dtype()));
  return one(std::move(stored));
}

}  // namespace bolide
