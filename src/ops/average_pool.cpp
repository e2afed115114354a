#include "ops/pool_planes.h"

namespace bolide {

Result<TensorTypes> AveragePool::infer(const InferContext& context) const {
  TRY(TensorTypes types, infer_pool(kInfo, window(), kernel, context));
  TRY_OK(require_float(kInfo, context));
  return types;
}

Result<Tensors> AveragePool::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(Planes planes, planes_of(kInfo, window(), kernel, results[0].dims, inputs, context));
  const double* x = planes.x.span<double>().data();
  double* y = planes.y.span<double>().data();
  visit_windows(planes, [&](std::int64_t plane, std::int64_t at, const auto& visit) {
    double sum = 0;
    std::int64_t count = 0;
    visit([&](std::int64_t i) {
      if (i >= 0) sum += x[plane * planes.in + i];
      if (i >= 0 || count_include_pad) ++count;
    });
    y[at] = count == 0 ? 0 : sum / static_cast<double>(count);
  });
  TRY(Tensor stored, store_f64(planes.y, results[0].dtype));
  return one(std::move(stored));
}

}  // namespace bolide
