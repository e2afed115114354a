/// Reductions of the middle of [outer, size, inner], in one of three wide types.
#pragma once

#include "ops/elements.h"
#include "ops/nan.h"
#include "ops/reduce.h"
#include "ops/reference.h"

#include <cmath>
#include <limits>

namespace bolide {

/// The smallest and largest number of `type`, as T.
template <class T>
std::pair<T, T> limits(DataType type) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_floating_point_v<T>) {
    return {-Limits::infinity(), Limits::infinity()};
  } else {
    const int bits = type == DataType::kBool ? 1 : bit_width(type);
    const int unused = 64 - bits;
    return {static_cast<T>(Limits::min() >> unused), static_cast<T>(Limits::max() >> unused)};
  }
}

template <class T>
T absolute(T value) {
  if constexpr (std::is_unsigned_v<T>) {
    return value;
  } else if constexpr (std::is_integral_v<T>) {
    return value < 0 ? static_cast<T>(UINT64_C(0) - static_cast<std::uint64_t>(value)) : value;
  } else {
    return std::abs(value);
  }
}

/// Wraps for integers.
template <class T>
T add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  } else {
    return a + b;
  }
}
template <class T>
T multiply(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  } else {
    return a * b;
  }
}

template <class T>
class Reducer {
 public:
  Reducer(ReduceKind kind, DataType type) : kind_(kind), limits_(limits<T>(type)) {}

  T start() const {
    switch (kind_) {
      case ReduceKind::kMax: return limits_.first;
      case ReduceKind::kMin: return limits_.second;
      case ReduceKind::kProd: return T(1);
      default: return T(0);
    }
  }
  T step(T sum, T x) const { return step(kind_, sum, x); }
  static T step(ReduceKind kind, T sum, T x) {
    switch (kind) {
      case ReduceKind::kMax: return is_nan(x) || x > sum ? x : sum;
      case ReduceKind::kMin: return is_nan(x) || x < sum ? x : sum;
      case ReduceKind::kProd: return multiply(sum, x);
      case ReduceKind::kL1: return add(sum, absolute(x));
      case ReduceKind::kL2:
      case ReduceKind::kSumSquare: return add(sum, multiply(x, x));
      default: return add(sum, x);
    }
  }
  T finish(T sum, std::int64_t count) const {
    if (kind_ == ReduceKind::kMean) {
      if constexpr (std::is_floating_point_v<T>) return sum / static_cast<T>(count);
      return count == 0 ? T(0) : static_cast<T>(sum / static_cast<T>(count));
    }
    if (kind_ == ReduceKind::kL2) return static_cast<T>(std::sqrt(static_cast<double>(sum)));
    if (kind_ != ReduceKind::kLogSum) return sum;
    const double log = std::log(static_cast<double>(sum));
    if constexpr (std::is_integral_v<T>) return log >= 0 && log < 64 ? static_cast<T>(log) : T(0);
    return static_cast<T>(log);
  }

 private:
  ReduceKind kind_;
  std::pair<T, T> limits_;
};

/// A tensor as lines of `size` numbers, `inner` of them side by side.
struct ReduceLines {
  std::int64_t outer = 1;
  std::int64_t size = 1;
  std::int64_t inner = 1;
};

/// Numbers of y [outer, inner] from lines of x. Of dtypes of 16 bits and more. Lines at once; each in its order.
template <class T, ReduceKind kKind>
void reduce_lines(const ReduceLines& lines, const Tensor& x, Tensor& y) {
  const Reducer<T> reducer(kKind, x.dtype());
  constexpr std::int64_t kPiece = 1024;
  if (lines.inner == 1) {
    parallel_ranges(lines.outer, 1 + (1 << 13) / std::max<std::int64_t>(1, lines.size),
                    [&](std::int64_t o, std::int64_t end) {
                      std::array<T, kPiece> row;
                      for (; o < end; ++o) {
                        T sum = reducer.start();
                        for (std::int64_t at = 0; at < lines.size; at += kPiece) {
                          const auto count = static_cast<int>(std::min(kPiece, lines.size - at));
                          load(x, o * lines.size + at, count, row.data());
                          for (int i = 0; i < count; ++i)
                            sum = Reducer<T>::step(kKind, sum, row[static_cast<std::size_t>(i)]);
                        }
                        store_one(y, o, reducer.finish(sum, lines.size));
                      }
                    });
    return;
  }
  const std::int64_t columns = std::min(lines.inner, kPiece);
  const std::int64_t blocks = (lines.inner + columns - 1) / columns;
  parallel_ranges(lines.outer * blocks, 1, [&](std::int64_t block, std::int64_t end) {
    std::array<T, kPiece> row;
    std::array<T, kPiece> sums;
    for (; block < end; ++block) {
      const std::int64_t first = block % blocks * columns;
      const std::int64_t o = block / blocks;
      const auto count = static_cast<int>(std::min(columns, lines.inner - first));
      std::fill_n(sums.begin(), count, reducer.start());
      for (std::int64_t k = 0; k < lines.size; ++k) {
        load(x, (o * lines.size + k) * lines.inner + first, count, row.data());
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
          sums[i] = Reducer<T>::step(kKind, sums[i], row[i]);
      }
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) sums[i] = reducer.finish(sums[i], lines.size);
      store(y, o * lines.inner + first, count, sums.data());
    }
  });
}

/// The same with the kind as a value; not of kLogSumExp.
template <class T>
void reduce_lines(ReduceKind kind, const ReduceLines& lines, const Tensor& x, Tensor& y) {
  switch (kind) {
    case ReduceKind::kMean: return reduce_lines<T, ReduceKind::kMean>(lines, x, y);
    case ReduceKind::kMax: return reduce_lines<T, ReduceKind::kMax>(lines, x, y);
    case ReduceKind::kMin: return reduce_lines<T, ReduceKind::kMin>(lines, x, y);
    case ReduceKind::kProd: return reduce_lines<T, ReduceKind::kProd>(lines, x, y);
    case ReduceKind::kL1: return reduce_lines<T, ReduceKind::kL1>(lines, x, y);
    case ReduceKind::kL2: return reduce_lines<T, ReduceKind::kL2>(lines, x, y);
    case ReduceKind::kSumSquare: return reduce_lines<T, ReduceKind::kSumSquare>(lines, x, y);
    case ReduceKind::kLogSum: return reduce_lines<T, ReduceKind::kLogSum>(lines, x, y);
    default: return reduce_lines<T, ReduceKind::kSum>(lines, x, y);
  }
}

/// log(sum(exp(x))) of lines, in f64.
void log_sum_exp_lines(const ReduceLines& lines, const Tensor& x, Tensor& y);

}  // namespace bolide
