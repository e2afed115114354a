#include "ops/inverse.h"

#include "ops/reference.h"
#include "ops/result_places.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bolide {
namespace {

/// a -= p * top and b -= q * top, which lie apart: each element of `top` is read once for both.
void subtract_from_two(double* __restrict a, double p, double* __restrict b, double q, const double* __restrict top,
                       std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    a[j] -= p * top[j];
    b[j] -= q * top[j];
  }
}
void subtract(double* __restrict a, double p, const double* __restrict top, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) a[j] -= p * top[j];
}

/// a [n, n] becomes its inverse: Gauss-Jordan in place, where the column that is done holds the one of the inverse.
void invert(std::span<double> a, std::size_t n) {
  const auto row_at = [&](std::size_t row) { return a.subspan(row * n, n).data(); };
  std::vector<std::size_t> swapped(n);
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t row = k + 1; row < n; ++row) {
      if (std::abs(a[row * n + k]) > std::abs(a[pivot * n + k])) pivot = row;
    }
    swapped[k] = pivot;
    double* const top = row_at(k);
    if (pivot != k) std::swap_ranges(top, top + n, row_at(pivot));
    const double divisor = std::exchange(top[k], 1);
    for (std::size_t j = 0; j < n; ++j) top[j] /= divisor;
    double* waiting = nullptr;  // a row that another is sought for
    double factor = 0;
    for (std::size_t row = 0; row < n; ++row) {
      double* const other = row_at(row);
      if (row == k || other[k] == 0) continue;
      const double own = std::exchange(other[k], 0);
      if (waiting != nullptr) {
        subtract_from_two(waiting, factor, other, own, top, n);
        waiting = nullptr;
      } else {
        waiting = other;
        factor = own;
      }
    }
    if (waiting != nullptr) subtract(waiting, factor, top, n);
  }
  for (std::size_t k = n; k-- > 0;) {  // rows that changed places are columns of the inverse
    if (swapped[k] == k) continue;
    for (std::size_t row = 0; row < n; ++row) std::swap(a[row * n + k], a[row * n + swapped[k]]);
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
  TRY(Tensor y, allocate_raw(context, DataType::kF64, dims));
  const auto n = static_cast<std::size_t>(dims.back());
  const std::int64_t matrices = n == 0 ? 0 : x.count() / static_cast<std::int64_t>(n * n);
  parallel_ranges(matrices, 1 + 1024 / static_cast<std::int64_t>(n * n * n + 1), [&](std::int64_t b, std::int64_t end) {
    for (; b < end; ++b) {
      const auto matrix = y.span<double>().subspan(static_cast<std::size_t>(b) * n * n, n * n);
      std::copy_n(x.span<double>().data() + static_cast<std::size_t>(b) * n * n, n * n, matrix.begin());
      invert(matrix, n);
    }
  });
  TRY(Tensor stored, store_f64(y, inputs[0]->dtype()));
  return one(std::move(stored));
}

}  // namespace bolide
