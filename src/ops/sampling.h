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
  for (int i = 0; i < axes[0].count; ++i) {
    const std::int64_t at = axes[0].index[static_cast<std::size_t>(i)];
    if (at < 0) continue;
    const double weight = axes[0].weight[static_cast<std::size_t>(i)];
    flatten_taps(axes.subspan(1), strides.subspan(1), {from.at + at * strides[0], from.weight * weight}, out);
  }
}

template <class T>
double sample(const T* x, std::span<const Tap> taps) {
  double sum = 0;
  for (const Tap& tap : taps) sum += tap.weight * static_cast<double>(x[tap.at]);
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
