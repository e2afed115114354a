#include "ops/pool.h"

#include "ops/reference.h"

#include <cmath>
#include <limits>

namespace bolide {
namespace {

Result<TensorTypes> infer_pool(const OpInfo& info, const WindowAttributes& window, std::span<const std::int64_t> kernel,
                               const InferContext& context) {
  const Shape& x = context.shape(0);
  if (x.size() < 3) return invalid_argument(info.name, ": x is ", x, "; needs batch, channels and spatial dims");
  Shape y = {x[0], x[1]};
  TRY(const Shape sizes, window_sizes(info.name, window, kernel, std::span(x).subspan(2)));
  y.insert(y.end(), sizes.begin(), sizes.end());
  return TensorTypes{{context.dtype(0), std::move(y)}};
}

/// x in double, the axes, and the result to fill.
struct Planes {
  Tensor x;
  Tensor y;
  std::vector<WindowAxis> axes;
  Dims kernel;
  Dims in_dims;
  Dims out_dims;
  std::int64_t count = 0;  ///< batch * channels
  std::int64_t in = 1;
  std::int64_t out = 1;
};

Result<Planes> planes_of(const OpInfo& info, const WindowAttributes& window, std::span<const std::int64_t> kernel,
                         const Dims& result, TensorInputs inputs, const EvalContext& context) {
  Planes out;
  const Dims& x = inputs[0]->dims();
  out.in_dims.assign(x.begin() + 2, x.end());
  out.out_dims.assign(result.begin() + 2, result.end());
  out.kernel.assign(kernel.begin(), kernel.end());
  TRY(out.axes, window_axes(info.name, window, kernel, out.in_dims));
  TRY(out.y, context.allocate(DataType::kF64, result));
  TRY(out.x, as_f64(*inputs[0]));
  out.count = x[0] * x[1];
  out.in = product(out.in_dims);
  out.out = product(out.out_dims);
  return out;
}

/// Calls tap(index in the plane, or -1 in the padding) for each tap of the window at `position` that lies in the padded
/// input.
template <class Tap>
void visit_window(const Planes& planes, std::span<const std::int64_t> position, Dims& tap_index, const Tap& tap) {
  do {
    std::int64_t at = 0;
    bool beyond = false;
    for (std::size_t d = 0; d < planes.axes.size(); ++d) {
      const WindowAxis& axis = planes.axes[d];
      const std::int64_t i = position[d] * axis.stride - axis.before + tap_index[d] * axis.dilation;
      beyond = beyond || i >= axis.in + axis.after;
      at = at < 0 || i < 0 || i >= axis.in ? -1 : at * axis.in + i;
    }
    if (!beyond) tap(at);
  } while (next_index(tap_index, planes.kernel));
}

/// Calls window(x plane, output index, visit) for every output, on all threads.
template <class Window>
void visit_windows(const Planes& planes, const Window& window) {
  if (planes.out == 0) return;
  parallel_ranges(planes.count, 1, [&](std::int64_t begin, std::int64_t end) {
    Dims tap_index(planes.axes.size(), 0);
    for (std::int64_t plane = begin; plane < end; ++plane) {
      Dims position(planes.axes.size(), 0);
      for (std::int64_t o = 0; o < planes.out; ++o, next_index(position, planes.out_dims)) {
        window(plane, plane * planes.out + o, [&](const auto& tap) { visit_window(planes, position, tap_index, tap); });
      }
    }
  });
}

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
