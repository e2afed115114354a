#include "ops/normalization.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

Result<TensorTypes> infer_channels(const OpInfo& info, const InferContext& context, int min_rank) {
  for (int i = 0; i < info.min_inputs; ++i) TRY_OK(require_float(info, context, i));
  const Shape& x = context.shape(0);
  if (context.rank(0) < min_rank) return invalid_argument(info.name, ": x is ", x, "; needs rank ", min_rank);
  const Dim channels = x.size() > 1 ? x[1] : Dim(1);
  for (int i = 1; i < info.min_inputs; ++i) {
    if (context.rank(i) != 1) {
      return invalid_argument(info.name, ": input ", i, " is ", context.shape(i), ", expected [", channels, "]");
    }
    TRY_OK(require_equal(info, strings::join("input ", i), context.shape(i)[0], channels));
  }
  return TensorTypes{context.type(0)};
}

/// y = (x - mean) / sqrt(var + epsilon) * scale + bias over one run of numbers.
void affine(std::span<const double> x, double mean, double var, double epsilon, double scale, double bias, double* y) {
  const double factor = scale / std::sqrt(var + epsilon);
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = (x[i] - mean) * factor + bias;
}

/// Groups of neighbouring channels, each normalized by its own statistics.
Result<Tensors> normalize_groups(TensorInputs inputs, const EvalContext& context, std::int64_t groups, float epsilon) {
  const Dims& dims = inputs[0]->dims();
  const std::int64_t inner = product(dims, 2, dims.size());
  const std::int64_t channels = dims[1] / std::max<std::int64_t>(1, groups);
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(const Tensor scale, as_f64(*inputs[1]));
  TRY(const Tensor bias, as_f64(*inputs[2]));
  const auto size = static_cast<std::size_t>(inner * channels);
  parallel_ranges(size == 0 ? 0 : dims[0] * groups, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t g = begin; g < end; ++g) {
      const auto all = x.span<double>().subspan(static_cast<std::size_t>(g) * size, size);
      double mean = 0;
      for (const double value : all) mean += value;
      mean /= static_cast<double>(size);
      double var = 0;
      for (const double value : all) var += (value - mean) * (value - mean);
      var /= static_cast<double>(size);
      for (std::int64_t c = 0; c < channels; ++c) {
        const auto plane = all.subspan(static_cast<std::size_t>(c * inner), static_cast<std::size_t>(inner));
        const auto channel = static_cast<std::size_t>(g % groups * channels + c);
        affine(plane, mean, var, double{epsilon}, scale.span<double>()[channel], bias.span<double>()[channel],
               y.span<double>().data() + (g * channels + c) * inner);
      }
    }
  });
  TRY(Tensor stored, store_f64(y, inputs[0]->dtype()));
  return one(std::move(stored));
}

}  // namespace

Result<TensorTypes> BatchNormalization::infer(const InferContext& context) const {
  return infer_channels(kInfo, context, 1);
}

Result<Tensors> BatchNormalization::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  const std::int64_t channels = dims.size() > 1 ? dims[1] : 1;
  const std::int64_t inner = dims.size() > 2 ? product(dims, 2, dims.size()) : 1;
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  std::vector<double> parameters[4];
  for (std::size_t i = 0; i < 4; ++i) {
    TRY(parameters[i], to_f64(*inputs[i + 1]));
  }
  const auto& [scale, bias, mean, var] = parameters;
  for (std::int64_t plane = 0; y.count() > 0 && plane < dims[0] * channels; ++plane) {
    const auto c = static_cast<std::size_t>(plane % channels);
    affine(x.span<double>().subspan(static_cast<std::size_t>(plane * inner), static_cast<std::size_t>(inner)), mean[c],
           var[c], double{epsilon}, scale[c], bias[c], y.span<double>().data() + plane * inner);
  }
  TRY(Tensor stored, store_f64(y, inputs[0]->dtype()));
  return one(std::move(stored));
}

Result<TensorTypes> InstanceNormalization::infer(const InferContext& context) const {
  return infer_channels(kInfo, context, 3);
}

Result<Tensors> InstanceNormalization::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  return normalize_groups(inputs, context, inputs[0]->dims()[1], epsilon);
}

Result<TensorTypes> GroupNormalization::infer(const InferContext& context) const {
  TRY(TensorTypes types, infer_channels(kInfo, context, 2));
  const auto channels = context.shape(0)[1].constant();
  if (groups < 1 || (channels && *channels % groups != 0)) {
    return invalid_argument("GroupNormalization: ", context.shape(0)[1], " channels do not divide into ", groups,
                            " groups");
  }
  return types;
}

Result<Tensors> GroupNormalization::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  return normalize_groups(inputs, context, groups, epsilon);
}

}  // namespace bolide
