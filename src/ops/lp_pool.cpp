#include "ops/pool_planes.h"

#include <cmath>

namespace bolide {

Result<TensorTypes> LpPool::infer(const InferContext& context) const {
  TRY(TensorTypes types, infer_pool(kInfo, window(), kernel, context));
  TRY_OK(require_float(kInfo, context));
  if (!(p > 0)) return invalid_argument("LpPool: p is ", p);
  return types;
}

Result<Tensors> LpPool::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(Planes planes, planes_of(kInfo, window(), kernel, results[0].dims, inputs, context));
  const double* x = planes.x.span<double>().data();
  double* y = planes.y.span<double>().data();
  const auto power = static_cast<double>(p);
  visit_windows(planes, [&](std::int64_t plane, std::int64_t at, const auto& visit) {
    double sum = 0;
    visit([&](std::int64_t i) { sum += i < 0 ? 0 : std::pow(std::abs(x[plane * planes.in + i]), power); });
    y[at] = std::pow(sum, 1 / power);
  });
  TRY(Tensor stored, store_f64(planes.y, results[0].dtype));
  return one(std::move(stored));
}

}  // namespace bolide
