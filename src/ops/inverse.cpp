#include "ops/inverse.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

/// a [n, n] is destroyed, y [n, n] becomes its inverse.
void invert(std::span<double> a, std::span<double> y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i * n + i] = 1;
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    }
    for (std::size_t j = 0; j < n && pivot != column; ++j) {
      std::swap(a[pivot * n + j], a[column * n + j]);
      std::swap(y[pivot * n + j], y[column * n + j]);
    }
    const double divisor = a[column * n + column];
    for (std::size_t j = 0; j < n; ++j) {
      a[column * n + j] /= divisor;
      y[column * n + j] /= divisor;
    }
    for (std::size_t row = 0; row < n; ++row) {
      const double factor = a[row * n + column];
      if (row == column || factor == 0) continue;
      for (std::size_t j = 0; j < n; ++j) {
        a[row * n + j] -= factor * a[column * n + j];
        y[row * n + j] -= factor * y[column * n + j];
      }
    }
  }
}

}  // namespace

Result<TensorTypes> Inverse::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  const Shape& x = context.shape(0);
  if (x.size() < 2) return invalid_argument("Inverse: ", x, " has no matrices");
  TRY_OK(require_equal(kInfo, "number of columns", x[x.size() - 1], x[x.size() - 2]));
  return TensorTypes{context.type(0)};
}

Result<Tensors> Inverse::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(Tensor y, context.allocate(DataType::kF64, dims));
  const auto n = static_cast<std::size_t>(dims.back());
  const std::int64_t matrices = n == 0 ? 0 : x.count() / static_cast<std::int64_t>(n * n);
  parallel_ranges(matrices, 1 + 1024 / static_cast<std::int64_t>(n * n * n + 1), [&](std::int64_t b, std::int64_t end) {
    std::vector<double> scratch(n * n);
    for (; b < end; ++b) {
      const std::size_t at = static_cast<std::size_t>(b) * n * n;
      const auto from = x.span<double>().subspan(at, n * n);
      std::copy(from.begin(), from.end(), scratch.begin());
      invert(scratch, y.span<double>().subspan(at, n * n), n);
    }
  });
  TRY(Tensor stored, store_f64(y, inputs[0]->dtype()));
  return one(std::move(stored));
}

}  // namespace bolide
