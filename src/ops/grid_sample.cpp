#include "ops/grid_sample.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "ops/reference.h"
#include "ops/sampling.h"

#include <algorithm>

namespace bolide {
namespace {

/// [-1, 1] to positions of elements. T is the type it is computed in.
template <class T>
double unnormalized(T at, std::int64_t size, bool align_corners) {
  const T count = static_cast<T>(size);
  return double{align_corners ? (at + 1) / 2 * (count - 1) : ((at + 1) * count - 1) / 2};
}

/// `at` mirrored at the ends of [low, high] until it lies inside.
double reflected(double at, double low, double high) {
  const double range = high - low;
  if (!(range > 0) || !std::isfinite(at)) return low;
  const double folded = std::fmod(std::abs(at - low), 2 * range);
  return low + (folded <= range ? folded : 2 * range - folded);
}

/// A tap whose sums are taken in f32.
struct FloatTap {
  std::int64_t at = 0;
  float weight = 0;
  FloatTap() = default;
  FloatTap(const Tap& tap)
      : at(tap.at), weight(static_cast<float>(tap.weight)) {}  // NOLINT(google-explicit-constructor)
};
float sample(const float* x, std::span<const FloatTap> taps) {
  const auto share = [&](std::size_t i) { return taps[i].weight * x[taps[i].at]; };
  if (taps.size() == 4) return (share(0) + share(1)) + (share(2) + share(3));
  float sum = 0;
  for (std::size_t i = 0; i < taps.size(); ++i) sum += share(i);
  return sum;
}

struct Axis {
  std::int64_t size = 0;
  const GridSample& op;

  double low() const { return op.align_corners ? 0.0 : -0.5; }
  double high() const { return static_cast<double>(size) - (op.align_corners ? 1.0 : 0.5); }

  /// The element that stands for index i; -1: a zero.
  std::int64_t element(std::int64_t i) const {
    if (i >= 0 && i < size) return i;
    if (size == 0 || op.padding_mode == SamplePadding::kZeros) return -1;
    if (op.padding_mode == SamplePadding::kBorder) return std::clamp<std::int64_t>(i, 0, size - 1);
    return std::clamp<std::int64_t>(whole_below(reflected(static_cast<double>(i), low(), high())), 0, size - 1);
  }

  AxisTaps taps(double at) const {
    if (op.mode == SampleMode::kNearest) at = std::nearbyint(at);
    if (!(at >= low() && at <= high())) {
      if (op.padding_mode == SamplePadding::kBorder && (op.mode != SampleMode::kCubic || !std::isfinite(at))) {
        at = at > 0 ? static_cast<double>(size - 1) : 0.0;
      }
      if (op.padding_mode == SamplePadding::kReflection) at = reflected(at, low(), high());
    }
    const std::int64_t base = whole_below(at);
    const double t = std::isfinite(at) ? at - std::floor(at) : 0;
    AxisTaps out;
    if (op.mode == SampleMode::kNearest) {
      out.push(element(base), 1);
    } else if (op.mode == SampleMode::kLinear) {
      out.push(element(base), 1 - t);
      out.push(element(base + 1), t);
    } else {
      constexpr double kA = -0.75;
      const auto near = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
      const auto far = [](double d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
      out.push(element(base - 1), far(t + 1));
      out.push(element(base), near(t));
      out.push(element(base + 1), near(1 - t));
      out.push(element(base + 2), far(2 - t));
    }
    return out;
  }
};

}  // namespace

Result<TensorTypes> GridSample::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context, 1));
  const Shape& x = context.shape(0);
  const Shape& grid = context.shape(1);
  const std::size_t spatial = x.size() < 3 ? 0 : x.size() - 2;
  if (spatial == 0 || grid.size() != x.size()) {
    return invalid_argument("GridSample: x ", x, " and grid ", grid, "; needs [n, c, in...] and [n, out..., ", spatial,
                            "]");
  }
  TRY_OK(require_equal(kInfo, "batch of grid", grid[0], x[0]));
  TRY_OK(require_equal(kInfo, "last size of grid", grid.back(), Dim(static_cast<std::int64_t>(spatial))));
  if (mode != SampleMode::kNearest && !is_real(context.dtype(0))) {
    return unsupported("GridSample: mode ", enum_names(mode)[static_cast<std::size_t>(mode)], " of ", context.dtype(0),
                       "; nearest works");
  }
  Shape out = {x[0], x[1]};
  out.insert(out.end(), grid.begin() + 1, grid.end() - 1);
  return TensorTypes{{context.dtype(0), std::move(out)}};
}

Result<Tensors> GridSample::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Tensor& x = *inputs[0];
  const bool moves = mode == SampleMode::kNearest;
  TRY(Tensors out, outputs_of(*this, inputs, context));
  TRY(const Tensor grid, as_f64(*inputs[1]));
  const std::size_t spatial = x.dims().size() - 2;
  const Dims strides = contiguous_strides(x.dims());
  const std::span<const std::int64_t> inner = std::span(strides).subspan(2);
  const std::int64_t channels = x.dims()[1];
  const std::int64_t points = product(out[0].dims(), 2, out[0].dims().size());
  const bool wide = inputs[1]->dtype() == DataType::kF64;
  /// What point `at` reads of every channel.
  const auto taps_at = [&](std::int64_t at, std::vector<AxisTaps>& taps, std::vector<Tap>& flat) {
    for (std::size_t d = 0; d < spatial; ++d) {
      const Axis axis{x.dims()[2 + d], *this};
      const std::size_t behind = spatial - 1 - d;
      const double given = grid.span<double>()[static_cast<std::size_t>(at) * spatial + behind];
      taps[d] = axis.taps(wide ? unnormalized(given, axis.size, align_corners)
                               : unnormalized(static_cast<float>(given), axis.size, align_corners));
    }
    flatten_taps(taps, inner, {0, 1}, flat);
  };
  constexpr std::int64_t kPoints = 64;  // points of one picture
  const std::int64_t blocks = (points + kPoints - 1) / kPoints;
  const auto each_block = [&]<class Kept>(Kept, const auto& channel) {
    const std::int64_t grain = bit_width(x.dtype()) < 8 ? x.dims()[0] * blocks : 1;  // elements may share a byte
    parallel_ranges(x.dims()[0] * blocks, grain, [&](std::int64_t block, std::int64_t end) {
      std::vector<AxisTaps> taps(spatial);
      std::vector<Tap> flat;
      std::vector<Kept> kept;
      std::array<std::size_t, kPoints + 1> ends{};
      for (; block < end; ++block) {
        const std::int64_t batch = block / blocks;
        const std::int64_t first = block % blocks * kPoints;
        const std::int64_t count = std::min(kPoints, points - first);
        flat.clear();
        for (std::int64_t i = 0; i < count; ++i) {
          taps_at(batch * points + first + i, taps, flat);
          ends[static_cast<std::size_t>(i + 1)] = flat.size();
        }
        kept.assign(flat.begin(), flat.end());
        for (std::int64_t c = 0; c < channels; ++c) {
          channel(batch * strides[0] + c * strides[1], (batch * channels + c) * points + first, count,
                  std::span<const Kept>(kept), std::span<const std::size_t>(ends));
        }
      }
    });
  };
  if (moves) {
    const auto each_point = [&](const auto& move) {
      each_block(Tap(), [&](std::int64_t from, std::int64_t to, std::int64_t count, auto taps, auto ends) {
        for (std::int64_t i = 0; i < count; ++i) {
          const std::size_t at = ends[static_cast<std::size_t>(i)];
          if (at < ends[static_cast<std::size_t>(i + 1)]) move(from + taps[at].at, to + i);
        }
      });
    };
    if (x.dtype() == DataType::kF32) {
      const float* const numbers = x.span<float>().data();
      float* const moved = out[0].span<float>().data();
      each_point([numbers, moved](std::int64_t from, std::int64_t to) { moved[to] = numbers[from]; });
    } else {
      each_point([&](std::int64_t from, std::int64_t to) { copy_run(x, from, out[0], to, 1); });
    }
    return out;
  }
  if (mode == SampleMode::kLinear && x.dtype() == DataType::kF32) {
    const float* const numbers = x.span<float>().data();
    float* const sums = out[0].span<float>().data();
    each_block(FloatTap(), [&](std::int64_t from, std::int64_t to, std::int64_t count, auto taps, auto ends) {
      for (std::int64_t i = 0; i < count; ++i) {
        const std::size_t first = ends[static_cast<std::size_t>(i)];
        sums[to + i] = sample(numbers + from, taps.subspan(first, ends[static_cast<std::size_t>(i + 1)] - first));
      }
    });
    return out;
  }
  const bool whole = is_integer(x.dtype());
  TRY_OK(with_numbers(x, [&](const auto* numbers) -> Status {
    each_block(Tap(), [&](std::int64_t from, std::int64_t to, std::int64_t count, auto taps, auto ends) {
      std::array<double, kPoints> sums;
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        sums[i] = sample(numbers + from, taps.subspan(ends[i], ends[i + 1] - ends[i]));
      }
      for (std::size_t i = 0; whole && i < static_cast<std::size_t>(count); ++i) sums[i] = std::trunc(sums[i]);
      store(out[0], to, static_cast<int>(count), sums.data());
    });
    return ok();
  }));
  return out;
}

}  // namespace bolide
