#include "ops/pool_planes.h"
#include "ops/result_places.h"

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

/// The largest of every window, and its place unless `places` is null. NaN is larger than all.
template <class T>
void take_largest(Planes& planes, bool by_columns, std::int64_t* places) {
  const T* const x = planes.x.span<T>().data();
  T* const y = planes.y.span<T>().data();
  visit_windows(planes, [&](std::int64_t plane, std::int64_t at, const auto& visit) {
    T best = -std::numeric_limits<T>::infinity();
    std::int64_t winner = -1;
    visit([&](std::int64_t i) {
      if (i < 0) return;
      const T value = x[plane * planes.in + i];  // without branches: no one foresees them
      const bool better = bool((winner < 0) | (value > best) | ((value != value) & (best == best)));
      best = better ? value : best;
      winner = better ? i : winner;
    });
    y[at] = best;
    if (places == nullptr) return;
    if (winner >= 0 && by_columns) winner = column_major(winner, planes.in_dims);
    places[at] = winner < 0 ? -1 : plane * planes.in + winner;
  });
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
  const bool narrow = results[0].dtype == DataType::kF32;  // others in double
  TRY(Planes planes,
      planes_of(kInfo, window(), kernel, results[0].dims, inputs, context, narrow ? DataType::kF32 : DataType::kF64));
  Tensor places;
  if (context.output_count > 1) {
    TRY(places, allocate_raw(context, DataType::kI64, results[0].dims));
  }
  std::int64_t* const place = context.output_count > 1 ? places.span<std::int64_t>().data() : nullptr;
  const auto take = narrow ? take_largest<float> : take_largest<double>;
  take(planes, storage_order == 1, place);
  if (!narrow) {
    TRY(planes.y, store_f64(planes.y, results[0].dtype));
  }
  Tensors out = one(std::move(planes.y));
  if (place != nullptr) out.push_back(std::move(places));
  return out;
}

}  // namespace bolide
