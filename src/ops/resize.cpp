#include "ops/resize.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "ops/reference.h"
#include "ops/resize_plan.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

double position(ResizeCoordinates mode, std::int64_t at, std::int64_t in, std::int64_t out, double scale, double from,
                double to) {
  const auto i = static_cast<double>(at);
  const auto n = static_cast<double>(in);
  const auto m = static_cast<double>(out);
  switch (mode) {
    case ResizeCoordinates::kHalfPixel: return (i + 0.5) / scale - 0.5;
    case ResizeCoordinates::kHalfPixelSymmetric: return n / 2 * (1 - m / (scale * n)) + (i + 0.5) / scale - 0.5;
    case ResizeCoordinates::kPytorchHalfPixel: return out > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case ResizeCoordinates::kAlignCorners: {
      // The size before rounding down, as the specification's own evaluation has it; `m` itself where that is whole.
      const double exact = std::abs(scale * n - m) < 1e-6 * m ? m : scale * n;
      return out > 1 ? i * (n - 1) / (exact - 1) : 0;
    }
    case ResizeCoordinates::kAsymmetric: return i / scale;
    case ResizeCoordinates::kTfHalfPixelForNn: return (i + 0.5) / scale;
    case ResizeCoordinates::kTfCropAndResize: break;
  }
  return out > 1 ? from * (n - 1) + i * (to - from) * (n - 1) / (m - 1) : 0.5 * (from + to) * (n - 1);
}

std::int64_t nearest(ResizeNearest mode, double at) {
  const double low = std::floor(at);
  const double rest = at - low;
  const bool up = mode == ResizeNearest::kCeil              ? rest > 0
                  : mode == ResizeNearest::kRoundPreferCeil ? rest >= 0.5
                  : mode == ResizeNearest::kFloor           ? false
                                                            : rest > 0.5;
  return static_cast<std::int64_t>(low) + (up ? 1 : 0);
}

double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

double cubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

ResizeTaps taps_at(const Resize& op, double at, std::int64_t in, double scale) {
  ResizeTaps out;
  const double limit = static_cast<double>(in) + 4;
  at = std::clamp(at, -limit, 2 * limit);  // all beyond the ends reads alike
  const auto inside = [&](std::int64_t i) { return std::clamp<std::int64_t>(i, 0, in - 1); };
  if (op.mode == ResizeMode::kNearest) {
    ResizeNearest mode = op.nearest_mode;
    if (mode == ResizeNearest::kCeilWhenShrinking) mode = scale < 1 ? ResizeNearest::kCeil : ResizeNearest::kFloor;
    out.weights = {{inside(nearest(mode, at)), 1.0}};
    return out;
  }
  const double squeeze = op.antialias ? std::min(1.0, scale) : 1;
  const int radius = op.mode == ResizeMode::kLinear ? 1 : 2;
  const double reach = std::min(std::floor(radius / squeeze) + 1, 2 * limit);
  const double low = std::floor(at);
  double sum = 0;
  for (auto i = static_cast<std::int64_t>(low - reach); i <= static_cast<std::int64_t>(low + reach); ++i) {
    const double distance = (static_cast<double>(i) - at) * squeeze;
    const double weight =
        op.mode == ResizeMode::kLinear ? triangle(distance) : cubic(distance, double{op.cubic_coeff_a});
    if (weight == 0 || (op.exclude_outside && inside(i) != i)) continue;
    out.weights.emplace_back(inside(i), weight);
    sum += weight;
  }
  if (sum != 0 && (op.exclude_outside || op.antialias)) {
    for (auto& weight : out.weights) weight.second /= sum;
  }
  return out;
}

/// x [outer, in, inner] to y [outer, taps, inner].
void resize_axis(const std::vector<ResizeTaps>& taps, double beyond, std::int64_t outer, std::int64_t in,
                 std::int64_t inner, const double* x, double* y) {
  const auto out = static_cast<std::int64_t>(taps.size());
  parallel_ranges(outer * out, 1 + 4096 / std::max<std::int64_t>(1, inner), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const ResizeTaps& tap = taps[static_cast<std::size_t>(i % out)];
      double* to = y + i * inner;
      if (tap.outside) {
        std::fill_n(to, inner, beyond);
        continue;
      }
      std::fill_n(to, inner, 0.0);
      for (const auto& weight : tap.weights) {
        const double* from = x + (i / out * in + weight.first) * inner;
        for (std::int64_t j = 0; j < inner; ++j) to[j] += weight.second * from[j];
      }
    }
  });
}

bool is_complex(DataType type) { return type == DataType::kC64 || type == DataType::kC128; }

/// Complex numbers as real ones with a last axis of 2, and back.
Tensor as_pairs(const Tensor& x) {
  Dims dims = x.dims();
  dims.push_back(2);
  return Tensor::borrow(x.dtype() == DataType::kC64 ? DataType::kF32 : DataType::kF64, dims, x.data(), x.owner());
}
Tensor from_pairs(const Tensor& pairs, DataType type) {
  return Tensor::borrow(type, Dims(pairs.dims().begin(), pairs.dims().end() - 1), pairs.data(), pairs.owner());
}

/// Nearest without arithmetic: exact for every dtype.
Result<Tensor> moved(Tensor x, const std::vector<ResizeAxis>& changed, const EvalContext& context) {
  for (const ResizeAxis& resized : changed) {
    Dims dims = x.dims();
    const std::int64_t in = dims[resized.axis];
    const std::int64_t inner = product(dims, resized.axis + 1, dims.size());
    dims[resized.axis] = static_cast<std::int64_t>(resized.taps.size());
    TRY(Tensor y, context.allocate(x.dtype(), dims));
    const std::int64_t lines = inner == 0 ? 0 : y.count() / inner;
    const std::int64_t out = dims[resized.axis];
    parallel_ranges(lines, 1 + 4096 / std::max<std::int64_t>(1, inner), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const ResizeTaps& tap = resized.taps[static_cast<std::size_t>(i % out)];
        copy_run(x, (i / out * in + tap.weights[0].first) * inner, y, i * inner, inner);
      }
    });
    x = std::move(y);
  }
  return x;
}

}  // namespace

Result<std::vector<ResizeAxis>> resize_axes(const Resize& op, const InferContext& context, const Dims& out) {
  TRY(const std::vector<ResizePlan> plans, plan_resize(op, context));
  std::vector<double> roi(2 * plans.size(), 0);
  const bool crop = op.coordinates == ResizeCoordinates::kTfCropAndResize;
  if (crop) {
    if (context.constant(1) == nullptr) return unsupported("Resize: roi is not known");
    TRY(roi, to_f64(*context.constant(1)));
    if (roi.size() != 2 * plans.size()) return invalid_argument("Resize: roi has ", roi.size(), " numbers");
  }
  std::vector<ResizeAxis> axes;
  for (std::size_t p = 0; p < plans.size(); ++p) {
    const std::size_t axis = plans[p].axis;
    const std::optional<std::int64_t> in = context.shape(0)[axis].constant();
    if (!in) return unsupported("Resize: size ", context.shape(0)[axis], " is not known");
    if (*in == out[axis] && plans[p].scale == 1 && !crop) continue;
    ResizeAxis made{axis, std::vector<ResizeTaps>(static_cast<std::size_t>(out[axis]))};
    for (std::int64_t i = 0; i < out[axis] && *in > 0; ++i) {
      const double at = position(op.coordinates, i, *in, out[axis], plans[p].scale, roi[p], roi[plans.size() + p]);
      if (std::isnan(at)) return invalid_argument("Resize: roi or scales are not numbers");
      ResizeTaps& tap = made.taps[static_cast<std::size_t>(i)];
      tap = taps_at(op, at, *in, plans[p].scale);
      tap.outside = crop && (at < 0 || at > static_cast<double>(*in - 1));
    }
    axes.push_back(std::move(made));
  }
  return axes;
}

Result<Tensors> Resize::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY_OK(context.check(DataType::kF64, results[0].dims));
  TRY(const std::vector<ResizeAxis> changed, resize_axes(*this, KnownInputs(inputs).context(), results[0].dims));
  const bool pairs = is_complex(results[0].dtype);
  const bool whole = results[0].dtype == DataType::kString || bit_width(results[0].dtype) % 8 == 0;
  if (mode == ResizeMode::kNearest && coordinates != ResizeCoordinates::kTfCropAndResize && whole && !pairs) {
    TRY(Tensor y, moved(*inputs[0], changed, context));
    return one(std::move(y));
  }
  const Tensor real = pairs ? as_pairs(*inputs[0]) : *inputs[0];
  TRY(Tensor x, as_f64(real));
  Dims dims = x.dims();
  for (const ResizeAxis& resized : changed) {
    const std::size_t axis = resized.axis;
    const std::int64_t in = dims[axis];
    const std::int64_t outer = product(dims, 0, axis);
    const std::int64_t inner = product(dims, axis + 1, dims.size());
    dims[axis] = results[0].dims[axis];
    TRY(Tensor y, context.allocate(DataType::kF64, dims));
    if (y.count() > 0) {
      resize_axis(resized.taps, double{extrapolation_value}, outer, in, inner, x.span<double>().data(),
                  y.span<double>().data());
    }
    x = std::move(y);
  }
  TRY(Tensor stored, store_f64(x, real.dtype()));
  return one(pairs ? from_pairs(stored, results[0].dtype) : std::move(stored));
}

}  // namespace bolide
