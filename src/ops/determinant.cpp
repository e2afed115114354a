#include "ops/determinant.h"

#include "ops/reference.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bolide {
namespace {

constexpr std::size_t kPanel = 8;

/// row[j] -= sum over p < count of factors[p] * tops[p * n + j], one p after the other, for j in [begin, n).
void subtract_rows(double* row, const double* factors, const double* tops, std::size_t count, std::size_t begin,
                   std::size_t n) {
  if (count != kPanel) {
    for (std::size_t p = 0; p < count; ++p) {
      for (std::size_t j = begin; j < n; ++j) row[j] -= factors[p] * tops[p * n + j];
    }
    return;
  }
  std::array<double, kPanel> f;
  std::copy_n(factors, kPanel, f.begin());
  for (std::size_t j = begin; j < n; ++j) {
    double value = row[j];
    for (std::size_t p = 0; p < kPanel; ++p) value -= f[p] * tops[p * n + j];
    row[j] = value;
  }
}

/// Brings n rows of n numbers to triangular form, some columns at a time, so that the rest is read once for all of
/// them. Every number sees the same operations in the same order as one column after the other.
double determinant(double* rows, std::size_t n) {
  double product = 1;
  for (std::size_t first = 0; first < n; first += kPanel) {
    const std::size_t end = std::min(n, first + kPanel);
    for (std::size_t k = first; k < end; ++k) {
      std::size_t best = k;
      for (std::size_t i = k + 1; i < n; ++i) {
        if (std::abs(rows[i * n + k]) > std::abs(rows[best * n + k])) best = i;
      }
      const double pivot = rows[best * n + k];
      if (pivot == 0) return 0;
      if (best != k) {
        std::swap_ranges(rows + best * n + first, rows + (best + 1) * n, rows + k * n + first);
        product = -product;
      }
      product *= pivot;
      for (std::size_t i = k + 1; i < n; ++i) {
        double* const row = rows + i * n;
        row[k] /= pivot;
        for (std::size_t j = k + 1; j < end; ++j) row[j] -= row[k] * rows[k * n + j];
      }
    }
    for (std::size_t i = first + 1; i < n; ++i) {
      subtract_rows(rows + i * n, rows + i * n + first, rows + first * n, std::min(i, end) - first, end, n);
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
