/// Elementary functions of vectors of floats: within 4 units in the last place, with the limits of the C functions of
/// the same name for zeros, denormals, infinities and NaN. Lanes do not depend on each other.
#pragma once

#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {

/// c[0] x^(n-1) + ... + c[n-1]
template <int kCount>
inline Vec polynomial(Vec x, const float (&c)[kCount]) {
  Vec sum = set1(c[0]);
  for (int i = 1; i < kCount; ++i) sum = fma(sum, x, set1(c[i]));
  return sum;
}

inline Vec copy_sign(Vec magnitude, Vec sign) {
  return as_float((as_int(magnitude) & set1_int(0x7fffffff)) | (as_int(sign) & set1_int(-2147483647 - 1)));
}

inline constexpr float kLog2E = 1.44269504F;
inline constexpr float kLn2High = 0.693145752F;  ///< 15 bits, so that n * kLn2High is exact
inline constexpr float kLn2Low = 1.42860677e-6F;

/// (exp(r) - 1) / r for |r| <= ln(2) / 2: the series of exp.
inline Vec exp_series(Vec r) {
  constexpr float kInverseFactorials[] = {1.0F / 5040, 1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1.0F};
  return polynomial(r, kInverseFactorials);
}

/// n, the whole number next to x / ln(2), for x in [-87, 88], and 2^n. NaN gives NaN and some number.
inline Vec nearest_power(Vec x, Vec* power) {
  const Vec ones = set1(12582912.0F);  // 1.5 * 2^23: the last bit counts ones, and those below the last 9 are 0
  const Vec shifted = fma(x, set1(kLog2E), ones);
  *power = as_float(shift_left<23>(as_int(shifted)) + set1_int(127 << 23));
  return shifted - ones;
}

inline Vec exp(Vec x) {
  x = max(set1(-104.0F), min(set1(89.0F), x));  // NaN stays
  const Vec n = round(x * set1(kLog2E));
  const Vec r = fma(n, set1(-kLn2Low), fma(n, set1(-kLn2High), x));
  return scale(fma(r, exp_series(r), set1(1.0F)), n);  // n reaches from -150 to 128
}

/// exp of x <= 0 without denormal results: below -87 it is 0. For sums of exponentials and squashing functions.
inline Vec exp_negative(Vec x) {
  Vec scale;
  const Vec n = nearest_power(max(set1(-87.0F), x), &scale);
  const Vec r = fma(n, set1(-kLn2Low), fma(n, set1(-kLn2High), x));
  const Vec value = fma(r, exp_series(r), set1(1.0F)) * scale;
  return select(less(x, set1(-87.0F)), zero(), value);
}

/// expm1 of x in [-20, 80]; of -0 it is 0.
inline Vec expm1_within(Vec x) {
  Vec scale;
  const Vec n = nearest_power(x, &scale);
  const Vec r = fma(n, set1(-kLn2Low), fma(n, set1(-kLn2High), x));
  return fma(r * exp_series(r), scale, scale - set1(1.0F));
}

inline Vec expm1(Vec x) {
  const Vec small = expm1_within(max(set1(-20.0F), min(set1(80.0F), x)));
  const Vec value = select(less(set1(20.0F), x), exp(x), small);
  return select(equal(x, zero()), x, value);
}

inline Vec log(Vec x) {
  const Mask tiny = less(x, set1(1.17549435e-38F));
  const Vec scaled = select(tiny, x * set1(33554432.0F), x);
  // x = 2^e * m with m in [sqrt(1/2), sqrt(2))
  const IVec bits = as_int(scaled) - set1_int(0x3f3504f3);
  const IVec exponent = shift_right<23>(bits + set1_int(0x40000000)) - set1_int(128);
  const Vec m = as_float(as_int(scaled) - shift_left<23>(exponent));
  const Vec e = to_float(exponent) - select(tiny, set1(25.0F), zero());
  // log(1 + f) = f - f^2/2 + s (f^2/2 + R), s = f / (2 + f), R = 2/3 s^2 + 2/5 s^4 + ...
  const Vec f = m - set1(1.0F);
  const Vec s = f / (set1(2.0F) + f);
  const Vec z = s * s;
  constexpr float kSeries[] = {2.0F / 11, 2.0F / 9, 2.0F / 7, 2.0F / 5, 2.0F / 3};
  const Vec rest = z * polynomial(z, kSeries);
  const Vec half_square = set1(0.5F) * f * f;
  const Vec low = fma(s, half_square + rest, e * set1(kLn2Low));
  Vec value = fma(e, set1(kLn2High), f - (half_square - low));
  constexpr float kInfinity = __builtin_inff();
  value = select(less(x, set1(kInfinity)), value, x);  // infinity and NaN
  value = select(equal(x, zero()), set1(-kInfinity), value);
  return select(less(x, zero()), set1(__builtin_nanf("")), value);
}

inline Vec log1p(Vec x) {
  const Vec u = set1(1.0F) + x;
  const Vec lost = (x - (u - set1(1.0F))) / u;  // what rounding 1 + x took away
  const Vec value = log(u) + select(less(abs(x), set1(16777216.0F)) & less(zero(), u), lost, zero());
  return select(equal(u, set1(1.0F)), x, value);
}

inline Vec tanh(Vec x) {
  const Vec twice = min(set1(20.0F), abs(x) + abs(x));
  const Vec t = expm1_within(twice);
  const Vec whole = t + set1(2.0F);
  const Vec inverse = reciprocal(whole);
  const Vec near = t * inverse;  // corrected once: within the last place
  return copy_sign(fma(fma(zero() - near, whole, t), inverse, near), x);
}

inline Vec sigmoid(Vec x) {
  const Vec e = exp(zero() - abs(x));
  const Vec r = reciprocal(set1(1.0F) + e);
  return select(less(x, zero()), e * r, r);
}

inline Vec softplus(Vec x) { return log1p(exp(zero() - abs(x))) + select(less(x, zero()), zero(), x); }

/// Chebyshev fits: erf(x) / x over x^2 on [0, 1] (error 4e-11), -log(erfc(x)) over x - 5/2 on [1, 4] (error 2e-8).
inline Vec erf(Vec x) {
  const Vec a = min(set1(4.0F), abs(x));
  constexpr float kSmall[] = {-9.667044571e-6F, 1.126595903e-4F, -8.484080406e-4F, 5.221031808e-3F,
                              -2.686543073e-2F, 0.112837825F,    -0.3761263847F,   0.128379167F};
  const Vec z = x * x;
  const Vec small = fma(x, polynomial(z, kSmall), x);
  constexpr float kLarge[] = {-1.638637325e-6F, 1.331470079e-5F, -7.728415041e-5F, 4.201233164e-4F, -2.16531444e-3F,
                              1.085854125e-2F,  0.9438937088F,   5.352680674F,     7.806815272F};
  const Vec t = a - set1(2.5F);
  const Vec large = set1(1.0F) - exp(zero() - polynomial(t, kLarge));
  return select(less(a, set1(1.0F)), small, select(is_nan(x), x, copy_sign(large, x)));
}

}  // namespace bolide::BOLIDE_ISA_NS
