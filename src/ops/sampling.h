/// Reading tensors at positions between their elements, one axis at a time.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>

namespace bolide {

/// The elements of one axis that a sample reads, and their shares. Index -1 stands for a 0 outside.
struct AxisTaps {
  std::array<std::int64_t, 4> index{};
  std::array<double, 4> weight{};
  int count = 0;

  void push(std::int64_t at, double share) {
    index[static_cast<std::size_t>(count)] = at;
    weight[static_cast<std::size_t>(count)] = share;
    ++count;
  }
};

/// The largest whole number that is not above `at`, with far and undefined positions at +-2^40.
inline std::int64_t whole_below(double at) {
  constexpr double kFar = 1099511627776.0;
  if (!(at > -kFar)) return -static_cast<std::int64_t>(kFar);
  return at < kFar ? static_cast<std::int64_t>(std::floor(at)) : static_cast<std::int64_t>(kFar);
}

/// The two neighbours of `at` in [0, size), zeros outside.
inline AxisTaps linear_taps(double at, std::int64_t size) {
  const std::int64_t low = whole_below(at);
  const auto inside = [&](std::int64_t i) { return i >= 0 && i < size ? i : -1; };
  AxisTaps out;
  const double share = at - std::floor(at);
  out.push(inside(low), 1 - share);
  out.push(inside(low + 1), share);
  return out;
}

/// The weighted sum of the elements that the axes' taps name; strides in elements, one an axis.
inline double sample(const double* x, std::span<const AxisTaps> axes, std::span<const std::int64_t> strides) {
  if (axes.empty()) return *x;
  double sum = 0;
  for (int i = 0; i < axes[0].count; ++i) {
    const std::int64_t at = axes[0].index[static_cast<std::size_t>(i)];
    if (at < 0) continue;
    sum +=
        axes[0].weight[static_cast<std::size_t>(i)] * sample(x + at * strides[0], axes.subspan(1), strides.subspan(1));
  }
  return sum;
}

}  // namespace bolide
