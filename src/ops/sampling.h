/// Reading tensors at positions between their elements, one axis at a time.
#pragma once

#include "ops/reference.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

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

/// One element of a sample and its share.
struct Tap {
  std::int64_t at = 0;
  double weight = 0;
};

/// Appends the elements that the axes' taps name together; zeros outside are left out. Strides in elements.
inline void flatten_taps(std::span<const AxisTaps> axes, std::span<const std::int64_t> strides, Tap from,
                         std::vector<Tap>& out) {
  if (axes.empty()) return out.push_back(from);
  if (axes.size() == 2) {  // pictures
    for (std::size_t i = 0; i < static_cast<std::size_t>(axes[0].count); ++i) {
      if (axes[0].index[i] < 0) continue;
      const Tap row{from.at + axes[0].index[i] * strides[0], from.weight * axes[0].weight[i]};
      for (std::size_t j = 0; j < static_cast<std::size_t>(axes[1].count); ++j) {
        if (axes[1].index[j] < 0) continue;
        out.push_back({row.at + axes[1].index[j] * strides[1], row.weight * axes[1].weight[j]});
      }
    }
    return;
  }
  for (int i = 0; i < axes[0].count; ++i) {
    const std::int64_t at = axes[0].index[static_cast<std::size_t>(i)];
    if (at < 0) continue;
    const double weight = axes[0].weight[static_cast<std::size_t>(i)];
    flatten_taps(axes.subspan(1), strides.subspan(1), {from.at + at * strides[0], from.weight * weight}, out);
  }
}

/// The weighted sum, four taps at a time so that no addition waits for the one before.
template <class T>
double sample(const T* x, std::span<const Tap> taps) {
  const auto share = [&](std::size_t i) { return taps[i].weight * static_cast<double>(x[taps[i].at]); };
  std::array<double, 4> sums{};
  std::size_t i = 0;
  for (; i + 4 <= taps.size(); i += 4) {
    for (std::size_t k = 0; k < 4; ++k) sums[k] += share(i + k);
  }
  double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (; i < taps.size(); ++i) sum += share(i);
  return sum;
}

/// f(elements) for f32 tensors as they are, for others as f64.
template <class F>
Status with_numbers(const Tensor& x, const F& f) {
  if (x.dtype() == DataType::kF32) return f(x.span<float>().data());
  TRY(const Tensor numbers, as_f64(x));
  return f(numbers.span<double>().data());
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
