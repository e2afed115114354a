#include "ops/pool_planes.h"

#include <cmath>
#include <limits>

namespace bolide {
namespace {

std::int64_t column_major(std::int64_t at, std::span<const std::int64_t> dims) {
  std::int64_t stride = product(dims);
  std::int64_t out = 0;
  for (std::size_t d = dims.size(); d-- > 0; at /= dims[d]) {
    stride /= dims[d];
    out += at % dims[d] * stride;
  }
  return out;
}

}  // namespace

Result<TensorTypes> MaxPool::infer(const InferContext& context) const {
  TRY(TensorTypes types, infer_pool(kInfo, window(), kernel, context));
  const DataType type = context.dtype(0);
  if (!is_float(type) && !(is_integer(type) && bit_width(type) == 8)) {
    return unsupported("MaxPool: x is ", context.type(0), "; needs floats or 8-bit integers");
  }
  if (storage_order != 0 && storage_order != 1) return invalid_argument("MaxPool: storage_order is ", storage_order);
  if (context.output_count() > 1) types.push_back({DataType::kI64, types[0].shape});
  return types;
}

Result<Tensors> MaxPool::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(Planes planes, planes_of(kInfo, window(), kernel, results[0].dims, inputs, context));
  Tensor places;
  if (context.output_count > 1) {
    TRY(places, context.allocate(DataType::kI64, results[0].dims));
  }
  const double* x = planes.x.span<double>().data();
  double* y = planes.y.span<double>().data();
  std::int64_t* place = context.output_count > 1 ? places.span<std::int64_t>().data() : nullptr;
  visit_windows(planes, [&](std::int64_t plane, std::int64_t at, const auto& visit) {
    double best = -std::numeric_limits<double>::infinity();
    std::int64_t winner = -1;
    visit([&](std::int64_t i) {
      if (i < 0) return;
      const double value = x[plane * planes.in + i];
      if (winner >= 0 && !(value > best) && !(std::isnan(value) && !std::isnan(best))) return;
      best = value;
      winner = i;
    });
    y[at] = best;
    if (place == nullptr) return;
    if (winner >= 0 && storage_order == 1) winner = column_major(winner, planes.in_dims);
    place[at] = winner < 0 ? -1 : plane * planes.in + winner;
  });
  TRY(Tensor stored, store_f64(planes.y, results[0].dtype));
  Tensors out = one(std::move(stored));
  if (place != nullptr) out.push_back(std::move(places));
  return out;
}

}  // namespace bolide
