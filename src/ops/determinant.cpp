#include "ops/determinant.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

/// Brings n rows of n numbers to triangular form.
double determinant(double* rows, std::size_t n) {
  double product = 1;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k + 1; i < n; ++i) {
      if (std::abs(rows[i * n + k]) > std::abs(rows[best * n + k])) best = i;
    }
    const double pivot = rows[best * n + k];
    if (pivot == 0) return 0;
    if (best != k) {
      std::swap_ranges(rows + best * n, rows + (best + 1) * n, rows + k * n);
      product = -product;
    }
    product *= pivot;
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = rows[i * n + k] / pivot;
      for (std::size_t j = k; j < n; ++j) rows[i * n + j] -= factor * rows[k * n + j];
    }
  }
  return product;
}

}  // namespace

Result<TensorTypes> Det::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  TensorType y = context.type(0);
  if (y.rank() < 2) return invalid_argument("Det: ", y.shape, " has no matrices");
  TRY_OK(require_equal(kInfo, "the number of columns", y.shape.back(), y.shape[y.shape.size() - 2]));
  y.shape.resize(y.shape.size() - 2);
  return TensorTypes{std::move(y)};
}

Result<Tensors> Det::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  const auto n = static_cast<std::size_t>(x.dims().back());
  parallel_ranges(y.count(), 1 + 1024 / static_cast<std::int64_t>(n * n * n + 1),
                  [&](std::int64_t b, std::int64_t end) {
                    std::vector<double> matrix(n * n);
                    for (; b < end; ++b) {
                      std::copy_n(x.span<double>().data() + static_cast<std::size_t>(b) * n * n, n * n, matrix.begin());
                      y.span<double>()[static_cast<std::size_t>(b)] = determinant(matrix.data(), n);
                    }
                  });
  TRY(Tensor out, store_f64(y, results[0].dtype));
  return one(std::move(out));
}

}  // namespace bolide
