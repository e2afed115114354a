#include "ops/lrn.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {

Result<TensorTypes> LRN::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  if (context.rank(0) < 2) return invalid_argument("LRN: x is ", context.shape(0), "; needs batch and channels");
  if (size < 1) return invalid_argument("LRN: size is ", size);
  return TensorTypes{context.type(0)};
}

Result<Tensors> LRN::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  const std::int64_t channels = dims[1];
  const std::int64_t inner = product(dims, 2, dims.size());
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  const std::int64_t below = std::min((size - 1) / 2, channels);
  const std::int64_t above = std::min(size / 2, channels);
  const double factor = double{alpha} / static_cast<double>(size);
  parallel_ranges(y.count() == 0 ? 0 : dims[0] * channels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const std::int64_t c = plane % channels;
      const std::int64_t first = plane - c;
      for (std::int64_t i = 0; i < inner; ++i) {
        double sum = 0;
        for (std::int64_t k = std::max<std::int64_t>(0, c - below); k <= std::min(channels - 1, c + above); ++k) {
          const double value = x.span<double>()[static_cast<std::size_t>((first + k) * inner + i)];
          sum += value * value;
        }
        const auto at = static_cast<std::size_t>(plane * inner + i);
        y.span<double>()[at] = x.span<double>()[at] / std::pow(double{bias} + factor * sum, double{beta});
      }
    }
  });
  TRY(Tensor stored, store_f64(y, inputs[0]->dtype()));
  return one(std::move(stored));
}

Result<TensorTypes> LpNormalization::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  TRY_OK(checked_axis(kInfo, axis, context.rank(0)));
  if (p != 1 && p != 2) return invalid_argument("LpNormalization: p is ", p, ", expected 1 or 2");
  return TensorTypes{context.type(0)};
}

Result<Tensors> LpNormalization::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  TRY(const int at, checked_axis(kInfo, axis, inputs[0]->rank()));
  const std::int64_t count = dims[static_cast<std::size_t>(at)];
  const std::int64_t inner = product(dims, static_cast<std::size_t>(at) + 1, dims.size());
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  const std::int64_t lines = y.count() == 0 ? 0 : y.count() / count;
  for (std::int64_t line = 0; line < lines; ++line) {
    const std::int64_t start = line / inner * inner * count + line % inner;
    const double* from = x.span<double>().data() + start;
    double norm = 0;
    for (std::int64_t k = 0; k < count; ++k)
      norm += p == 1 ? std::abs(from[k * inner]) : from[k * inner] * from[k * inner];
    if (p == 2) norm = std::sqrt(norm);
    for (std::int64_t k = 0; k < count; ++k) {
      y.span<double>()[static_cast<std::size_t>(start + k * inner)] = norm == 0 ? 0 : from[k * inner] / norm;
    }
  }
  TRY(Tensor stored, store_f64(y, inputs[0]->dtype()));
  return one(std::move(stored));
}

}  // namespace bolide
