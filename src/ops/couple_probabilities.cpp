#include "ops/couple_probabilities.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

/// r [k, k]: r[i, j] the probability of i against j. The stationary p of the pairwise relations.
void couple(std::size_t k, std::span<const double> r, std::span<double> p) {
  std::vector<double> q(k * k, 0.0);
  std::vector<double> qp(k);
  for (std::size_t t = 0; t < k; ++t) {
    p[t] = 1.0 / static_cast<double>(k);
    for (std::size_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t * k + t] += r[j * k + t] * r[j * k + t];
      q[t * k + j] = -r[j * k + t] * r[t * k + j];
    }
  }
  const double enough = 0.005 / static_cast<double>(k);
  for (std::size_t round = 0; round < std::max<std::size_t>(100, k); ++round) {
    double pqp = 0;
    for (std::size_t t = 0; t < k; ++t) {
      qp[t] = 0;
      for (std::size_t j = 0; j < k; ++j) qp[t] += q[t * k + j] * p[j];
      pqp += p[t] * qp[t];
    }
    const bool done = std::all_of(qp.begin(), qp.end(), [&](double value) { return std::abs(value - pqp) < enough; });
    if (done) return;
    for (std::size_t t = 0; t < k; ++t) {
      const double step = (pqp - qp[t]) / q[t * k + t];
      p[t] += step;
      pqp = (pqp + step * (step * q[t * k + t] + 2 * qp[t])) / (1 + step) / (1 + step);
      for (std::size_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + step * q[t * k + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
}

}  // namespace

Result<TensorTypes> CoupleProbabilities::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  if (classes < 2 || classes > 4096 || context.rank(0) != 2) {
    return invalid_argument("CoupleProbabilities: p is ", context.type(0), " for ", classes, " classes");
  }
  TRY_OK(require_equal(kInfo, "number of pairs", context.shape(0)[1], Dim(classes * (classes - 1) / 2)));
  return TensorTypes{{context.dtype(0), {context.shape(0)[0], Dim(classes)}}};
}

Result<Tensors> CoupleProbabilities::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(const Tensor p, as_f64(*inputs[0]));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  const auto k = static_cast<std::size_t>(classes);
  TRY(Tensor r, context.allocate(DataType::kF64, {classes, classes}));
  const auto pairs = p.span<double>();
  std::size_t at = 0;
  for (std::size_t row = 0; row < static_cast<std::size_t>(results[0].dims[0]); ++row) {
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = i + 1; j < k; ++j) {
        const double value = std::clamp(pairs[at++], 1e-7, 1 - 1e-7);
        r.span<double>()[i * k + j] = value;
        r.span<double>()[j * k + i] = 1 - value;
      }
    }
    couple(k, r.span<double>(), y.span<double>().subspan(row * k, k));
  }
  TRY(Tensor stored, store_f64(y, results[0].dtype));
  return one(std::move(stored));
}

}  // namespace bolide
