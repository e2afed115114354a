/// The meaning of each Fn, as one template per function and compute type (float, double, std::int64_t, std::uint64_t).
#pragma once

#include "ops/expr.h"

#include <cmath>
#include <limits>

namespace bolide {

/// A double as an integer: truncated, saturated; NaN gives 0.
template <class T>
T saturated(double value) {
  constexpr double kLow = static_cast<double>(std::numeric_limits<T>::min());
  constexpr double kEnd = static_cast<double>(std::numeric_limits<T>::max() / 2 + 1) * 2.0;
  if (std::isnan(value)) return 0;
  if (value <= kLow) return std::numeric_limits<T>::min();
  if (value >= kEnd) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

/// Functions of one argument on float or double.
template <Fn kFn, class T>
T apply_real1(T a) {
  if constexpr (kFn == Fn::kSign) return std::isnan(a) ? a : static_cast<T>((a > 0) - (a < 0));
  if constexpr (kFn == Fn::kNeg) return -a;
  if constexpr (kFn == Fn::kAbs) return std::abs(a);
  if constexpr (kFn == Fn::kExp) return std::exp(a);
  if constexpr (kFn == Fn::kLog) return std::log(a);
  if constexpr (kFn == Fn::kLog1p) return std::log1p(a);
  if constexpr (kFn == Fn::kExpm1) return std::expm1(a);
  if constexpr (kFn == Fn::kSqrt) return std::sqrt(a);
  if constexpr (kFn == Fn::kRsqrt) return 1 / std::sqrt(a);
  if constexpr (kFn == Fn::kRecip) return 1 / a;
  if constexpr (kFn == Fn::kErf) return std::erf(a);
  if constexpr (kFn == Fn::kTanh) return std::tanh(a);
  if constexpr (kFn == Fn::kSigmoid) {  // exp of a negative number only: no overflow
    const T e = std::exp(-std::abs(a));
    return a >= 0 ? 1 / (1 + e) : e / (1 + e);
  }
  if constexpr (kFn == Fn::kSoftplus) return std::log1p(std::exp(-std::abs(a))) + (a < 0 ? T(0) : a);
  if constexpr (kFn == Fn::kFloor) return std::floor(a);
  if constexpr (kFn == Fn::kCeil) return std::ceil(a);
  if constexpr (kFn == Fn::kTrunc) return std::trunc(a);
  if constexpr (kFn == Fn::kRound) return std::nearbyint(a);
  if constexpr (kFn == Fn::kSin) return std::sin(a);
  if constexpr (kFn == Fn::kCos) return std::cos(a);
  if constexpr (kFn == Fn::kTan) return std::tan(a);
  if constexpr (kFn == Fn::kAsin) return std::asin(a);
  if constexpr (kFn == Fn::kAcos) return std::acos(a);
  if constexpr (kFn == Fn::kAtan) return std::atan(a);
  if constexpr (kFn == Fn::kSinh) return std::sinh(a);
  if constexpr (kFn == Fn::kCosh) return std::cosh(a);
  if constexpr (kFn == Fn::kAsinh) return std::asinh(a);
  if constexpr (kFn == Fn::kAcosh) return std::acosh(a);
  if constexpr (kFn == Fn::kAtanh) return std::atanh(a);
  if constexpr (kFn == Fn::kIsNan) return std::isnan(a) ? T(1) : T(0);
  if constexpr (kFn == Fn::kIsInf) return std::isinf(a) ? T(1) : T(0);
}

/// Functions of two numbers on float or double.
template <Fn kFn, class T>
T apply_real2(T a, T b) {
  if constexpr (kFn == Fn::kAdd) return a + b;
  if constexpr (kFn == Fn::kSub) return a - b;
  if constexpr (kFn == Fn::kMul) return a * b;
  if constexpr (kFn == Fn::kDiv) return a / b;
  if constexpr (kFn == Fn::kMin) return std::isnan(a) || a < b ? a : b;
  if constexpr (kFn == Fn::kMax) return std::isnan(a) || a > b ? a : b;
  if constexpr (kFn == Fn::kPow) return std::pow(a, b);
  if constexpr (kFn == Fn::kFmod) return std::fmod(a, b);
  if constexpr (kFn == Fn::kMod) {
    const T rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
}

template <class T>
T wrapping_power(T base, T exponent) {
  if constexpr (std::is_signed_v<T>) {
    if (exponent < 0) {  // 1/base^n, truncated
      if (base == 1) return 1;
      return base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
    }
  }
  std::uint64_t factor = static_cast<std::uint64_t>(base);
  std::uint64_t out = 1;
  for (auto n = static_cast<std::uint64_t>(exponent); n != 0; n >>= 1) {
    if ((n & 1) != 0) out *= factor;
    factor *= factor;
  }
  return static_cast<T>(out);
}

/// Functions of two integers. Arithmetic wraps, so it happens on unsigned numbers.
template <Fn kFn, class T>
T apply_integer2(T a, T b) {
  [[maybe_unused]] const auto ua = static_cast<std::uint64_t>(a);
  [[maybe_unused]] const auto ub = static_cast<std::uint64_t>(b);
  if constexpr (kFn == Fn::kAdd) return static_cast<T>(ua + ub);
  if constexpr (kFn == Fn::kSub) return static_cast<T>(ua - ub);
  if constexpr (kFn == Fn::kMul) return static_cast<T>(ua * ub);
  if constexpr (kFn == Fn::kMin) return a < b ? a : b;
  if constexpr (kFn == Fn::kMax) return a > b ? a : b;
  if constexpr (kFn == Fn::kPow) return wrapping_power(a, b);
  if constexpr (kFn == Fn::kDiv) {
    if (b == 0) return 0;
    if (std::is_signed_v<T> && ub == ~std::uint64_t{0}) return static_cast<T>(0 - ua);
    return static_cast<T>(a / b);
  }
  if constexpr (kFn == Fn::kMod || kFn == Fn::kFmod) {
    if (b == 0 || (std::is_signed_v<T> && ub == ~std::uint64_t{0})) return 0;
    const T rest = static_cast<T>(a % b);
    return kFn == Fn::kMod && rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  }
  if constexpr (kFn == Fn::kBitAnd) return static_cast<T>(ua & ub);
  if constexpr (kFn == Fn::kBitOr) return static_cast<T>(ua | ub);
  if constexpr (kFn == Fn::kBitXor) return static_cast<T>(ua ^ ub);
  if constexpr (kFn == Fn::kShiftLeft) return ub >= 64 ? T(0) : static_cast<T>(ua << ub);
  if constexpr (kFn == Fn::kShiftRight) return static_cast<T>(a >> (ub >= 64 ? 63 : ub) >> (ub >= 64 ? 1 : 0));
}

constexpr bool is_bitwise(Fn fn) { return fn == Fn::kBitNot || (fn >= Fn::kBitAnd && fn <= Fn::kShiftRight); }

/// Of an integer, as an integer.
template <Fn kFn, class T>
T apply_integer1(T a) {
  if constexpr (kFn == Fn::kNeg) {
    return static_cast<T>(0 - static_cast<std::uint64_t>(a));
  } else if constexpr (kFn == Fn::kAbs) {
    return a < 0 ? static_cast<T>(0 - static_cast<std::uint64_t>(a)) : a;
  } else if constexpr (kFn == Fn::kSign) {
    return static_cast<T>((a > 0) - (a < 0));
  } else if constexpr (kFn == Fn::kFloor || kFn == Fn::kCeil || kFn == Fn::kTrunc || kFn == Fn::kRound) {
    return a;
  } else if constexpr (kFn == Fn::kBitNot) {
    return static_cast<T>(~static_cast<std::uint64_t>(a));
  } else {
    return saturated<T>(apply_real1<kFn>(static_cast<double>(a)));
  }
}

template <Fn kFn, class T>
T apply_one(T a, [[maybe_unused]] T b, [[maybe_unused]] T c) {
  const auto truth = [](bool value) { return value ? T(1) : T(0); };
  if constexpr (kFn == Fn::kSelect) {
    return a != 0 ? b : c;
  } else if constexpr (kFn == Fn::kNot) {
    return truth(a == 0);
  } else if constexpr (kFn == Fn::kLess) {
    return truth(a < b);
  } else if constexpr (kFn == Fn::kLessEqual) {
    return truth(a <= b);
  } else if constexpr (kFn == Fn::kGreater) {
    return truth(a > b);
  } else if constexpr (kFn == Fn::kGreaterEqual) {
    return truth(a >= b);
  } else if constexpr (kFn == Fn::kEqual) {
    return truth(a == b);
  } else if constexpr (kFn == Fn::kAnd) {
    return truth(a != 0 && b != 0);
  } else if constexpr (kFn == Fn::kOr) {
    return truth(a != 0 || b != 0);
  } else if constexpr (kFn == Fn::kXor) {
    return truth((a != 0) != (b != 0));
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (kFn < Fn::kAdd)
      return apply_integer1<kFn>(a);
    else
      return apply_integer2<kFn>(a, b);
  } else if constexpr (is_bitwise(kFn)) {
    const auto ia = saturated<std::int64_t>(static_cast<double>(a));
    const auto ib = saturated<std::int64_t>(static_cast<double>(b));
    if constexpr (kFn == Fn::kBitNot)
      return static_cast<T>(~ia);
    else
      return static_cast<T>(apply_integer2<kFn>(ia, ib));
  } else if constexpr (kFn < Fn::kAdd) {
    return apply_real1<kFn>(a);
  } else {
    return apply_real2<kFn>(a, b);
  }
}

/// out[i] = fn(a[i], b[i], c[i]) for one compute type, by Fn.
template <class T>
using BlockFn = void (*)(T* out, const T* a, const T* b, const T* c, int count);
template <class T, Fn kFn>
void apply_block(T* out, const T* a, const T* b, const T* c, int count) {
  for (int i = 0; i < count; ++i) out[i] = apply_one<kFn, T>(a[i], b[i], c[i]);
}
template <class T, std::size_t... kIndex>
constexpr std::array<BlockFn<T>, sizeof...(kIndex)> block_functions(std::index_sequence<kIndex...>) {
  return {apply_block<T, static_cast<Fn>(kIndex)>...};
}

/// apply_block by Fn, compiled once, for double, std::int64_t and std::uint64_t.
template <class T>
BlockFn<T> block_function(Fn fn);

}  // namespace bolide
