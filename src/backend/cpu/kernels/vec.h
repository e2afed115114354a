/// A vector of floats of the width of the ISA this file is compiled for: 4, 8 or 16 lanes.
///
/// Include it only from kernel sources, which are compiled once per ISA; everything is inside the ISA's namespace, so
/// that no two ISAs share a function. Kernel sources include no STL header and call nothing outside that namespace.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace bolide::BOLIDE_ISA_NS {

using I32 = std::int32_t;
using I64 = std::int64_t;

#if defined(__AVX512F__)

inline constexpr int kLanes = 16;
struct Vec {
  __m512 v;
};
/// Integer lanes, for bit work on floats.
struct IVec {
  __m512i v;
};
/// One truth value a lane.
struct Mask {
  __mmask16 v;
};

inline Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
/// The first n lanes (0 <= n <= kLanes); the others are 0. Does not touch memory beyond them.
inline Vec load_n(const float* p, I64 n) { return {_mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1U), p)}; }
inline void store_n(float* p, Vec a, I64 n) { _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1U << n) - 1U), a.v); }
inline Vec set1(float x) { return {_mm512_set1_ps(x)}; }
inline Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
/// a * b + c; one rounding where the ISA has FMA, two on the baseline.
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
/// a < b ? a : b, that is b when either is NaN.
inline Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
/// a > b ? a : b, that is b when either is NaN.
inline Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Vec sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
/// To nearest, ties to even; for every float.
inline Vec round(Vec a) { return {_mm512_roundscale_ps(a.v, 8)}; }
inline Vec floor(Vec a) { return {_mm512_roundscale_ps(a.v, 9)}; }
inline Vec ceil(Vec a) { return {_mm512_roundscale_ps(a.v, 10)}; }
inline Vec trunc(Vec a) { return {_mm512_roundscale_ps(a.v, 11)}; }
/// a * 2^n for whole n in [-252, 254], rounded once.
inline Vec scale(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }
/// 1 / a for a in [1, 2^60], within one unit in the last place.
inline Vec reciprocal(Vec a) {
  const __m512 r = _mm512_rcp14_ps(a.v);  // 14 bits; one Newton step doubles them
  return {_mm512_fmadd_ps(r, _mm512_fnmadd_ps(a.v, r, _mm512_set1_ps(1.0F)), r)};
}

inline Mask less(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
inline Mask less_equal(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
inline Mask equal(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
/// mask ? a : b
inline Vec select(Mask m, Vec a, Vec b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }
inline Mask operator&(Mask a, Mask b) { return {static_cast<__mmask16>(a.v & b.v)}; }
inline Mask operator|(Mask a, Mask b) { return {static_cast<__mmask16>(a.v | b.v)}; }
inline Mask operator!(Mask a) { return {static_cast<__mmask16>(~a.v)}; }
inline bool any(Mask m) { return m.v != 0; }

inline IVec set1_int(I32 x) { return {_mm512_set1_epi32(x)}; }
/// Rounds to nearest even; out of range and NaN give INT32_MIN.
inline IVec to_int(Vec a) { return {_mm512_cvtps_epi32(a.v)}; }
inline Vec to_float(IVec a) { return {_mm512_cvtepi32_ps(a.v)}; }
inline Vec as_float(IVec a) { return {_mm512_castsi512_ps(a.v)}; }
inline IVec as_int(Vec a) { return {_mm512_castps_si512(a.v)}; }
inline IVec operator+(IVec a, IVec b) { return {_mm512_add_epi32(a.v, b.v)}; }
inline IVec operator-(IVec a, IVec b) { return {_mm512_sub_epi32(a.v, b.v)}; }
inline IVec operator&(IVec a, IVec b) { return {_mm512_and_si512(a.v, b.v)}; }
inline IVec operator|(IVec a, IVec b) { return {_mm512_or_si512(a.v, b.v)}; }
inline IVec operator^(IVec a, IVec b) { return {_mm512_xor_si512(a.v, b.v)}; }
template <int kBits>
inline IVec shift_left(IVec a) {
  return {_mm512_slli_epi32(a.v, kBits)};
}
/// Zeros come in.
template <int kBits>
inline IVec shift_right(IVec a) {
  return {_mm512_srli_epi32(a.v, kBits)};
}

#elif defined(__AVX2__)

inline constexpr int kLanes = 8;
struct Vec {
  __m256 v;
};
struct IVec {
  __m256i v;
};
struct Mask {
  __m256 v;
};

inline __m256i first_lanes(I64 n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
inline void store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
inline Vec load_n(const float* p, I64 n) { return {_mm256_maskload_ps(p, first_lanes(n))}; }
inline void store_n(float* p, Vec a, I64 n) { _mm256_maskstore_ps(p, first_lanes(n), a.v); }
inline Vec set1(float x) { return {_mm256_set1_ps(x)}; }
inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
inline Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
inline Vec sqrt(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
inline Vec round(Vec a) { return {_mm256_round_ps(a.v, 8)}; }
inline Vec floor(Vec a) { return {_mm256_round_ps(a.v, 9)}; }
inline Vec ceil(Vec a) { return {_mm256_round_ps(a.v, 10)}; }
inline Vec trunc(Vec a) { return {_mm256_round_ps(a.v, 11)}; }

inline Mask less(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
inline Mask less_equal(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }
inline Mask equal(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
inline Vec select(Mask m, Vec a, Vec b) { return {_mm256_blendv_ps(b.v, a.v, m.v)}; }
inline Mask operator&(Mask a, Mask b) { return {_mm256_and_ps(a.v, b.v)}; }
inline Mask operator|(Mask a, Mask b) { return {_mm256_or_ps(a.v, b.v)}; }
inline Mask operator!(Mask a) { return {_mm256_xor_ps(a.v, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))}; }
inline bool any(Mask m) { return _mm256_movemask_ps(m.v) != 0; }

inline IVec set1_int(I32 x) { return {_mm256_set1_epi32(x)}; }
inline IVec to_int(Vec a) { return {_mm256_cvtps_epi32(a.v)}; }
inline Vec to_float(IVec a) { return {_mm256_cvtepi32_ps(a.v)}; }
inline Vec as_float(IVec a) { return {_mm256_castsi256_ps(a.v)}; }
inline IVec as_int(Vec a) { return {_mm256_castps_si256(a.v)}; }
inline IVec operator+(IVec a, IVec b) { return {_mm256_add_epi32(a.v, b.v)}; }
inline IVec operator-(IVec a, IVec b) { return {_mm256_sub_epi32(a.v, b.v)}; }
inline IVec operator&(IVec a, IVec b) { return {_mm256_and_si256(a.v, b.v)}; }
inline IVec operator|(IVec a, IVec b) { return {_mm256_or_si256(a.v, b.v)}; }
inline IVec operator^(IVec a, IVec b) { return {_mm256_xor_si256(a.v, b.v)}; }
template <int kBits>
inline IVec shift_left(IVec a) {
  return {_mm256_slli_epi32(a.v, kBits)};
}
template <int kBits>
inline IVec shift_right(IVec a) {
  return {_mm256_srli_epi32(a.v, kBits)};
}

#else

inline constexpr int kLanes = 4;
typedef float Float4 __attribute__((vector_size(16)));
typedef I32 Int4 __attribute__((vector_size(16)));
typedef std::uint32_t UInt4 __attribute__((vector_size(16)));
struct Vec {
  Float4 v;
};
struct IVec {
  Int4 v;
};
struct Mask {
  Int4 v;
};

inline Vec load(const float* p) {
  Vec a;
  __builtin_memcpy(&a.v, p, 16);
  return a;
}
inline void store(float* p, Vec a) { __builtin_memcpy(p, &a.v, 16); }
inline Vec load_n(const float* p, I64 n) {
  Vec a = {Float4{0, 0, 0, 0}};
  for (I64 i = 0; i < n; ++i) a.v[i] = p[i];
  return a;
}
inline void store_n(float* p, Vec a, I64 n) {
  for (I64 i = 0; i < n; ++i) p[i] = a.v[i];
}
inline Vec set1(float x) { return {Float4{x, x, x, x}}; }
inline Vec operator+(Vec a, Vec b) { return {a.v + b.v}; }
inline Vec operator-(Vec a, Vec b) { return {a.v - b.v}; }
inline Vec operator*(Vec a, Vec b) { return {a.v * b.v}; }
inline Vec operator/(Vec a, Vec b) { return {a.v / b.v}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {a.v * b.v + c.v}; }

inline Mask less(Vec a, Vec b) { return {a.v < b.v}; }
inline Mask less_equal(Vec a, Vec b) { return {a.v <= b.v}; }
inline Mask equal(Vec a, Vec b) { return {a.v == b.v}; }
inline Mask operator&(Mask a, Mask b) { return {a.v & b.v}; }
inline Mask operator|(Mask a, Mask b) { return {a.v | b.v}; }
inline Mask operator!(Mask a) { return {~a.v}; }
inline bool any(Mask m) { return (m.v[0] | m.v[1] | m.v[2] | m.v[3]) != 0; }

inline IVec set1_int(I32 x) { return {Int4{x, x, x, x}}; }
inline Vec to_float(IVec a) { return {__builtin_convertvector(a.v, Float4)}; }
inline Vec as_float(IVec a) {
  Vec out;
  __builtin_memcpy(&out, &a, 16);
  return out;
}
inline IVec as_int(Vec a) {
  IVec out;
  __builtin_memcpy(&out, &a, 16);
  return out;
}
inline IVec operator+(IVec a, IVec b) { return {a.v + b.v}; }
inline IVec operator-(IVec a, IVec b) { return {a.v - b.v}; }
inline IVec operator&(IVec a, IVec b) { return {a.v & b.v}; }
inline IVec operator|(IVec a, IVec b) { return {a.v | b.v}; }
inline IVec operator^(IVec a, IVec b) { return {a.v ^ b.v}; }
template <int kBits>
inline IVec shift_left(IVec a) {
  return {a.v << kBits};
}
template <int kBits>
inline IVec shift_right(IVec a) {
  UInt4 bits;
  __builtin_memcpy(&bits, &a, 16);
  bits = bits >> kBits;
  __builtin_memcpy(&a, &bits, 16);
  return a;
}
inline Vec select(Mask m, Vec a, Vec b) { return as_float((IVec{m.v} & as_int(a)) | (IVec{~m.v} & as_int(b))); }
inline Vec min(Vec a, Vec b) { return select(less(a, b), a, b); }
inline Vec max(Vec a, Vec b) { return select(less(b, a), a, b); }
inline Vec sqrt(Vec a) {
  for (int i = 0; i < kLanes; ++i) a.v[i] = __builtin_sqrtf(a.v[i]);
  return a;
}
inline Vec round(Vec a) {
  for (int i = 0; i < kLanes; ++i) a.v[i] = __builtin_nearbyintf(a.v[i]);
  return a;
}
inline Vec floor(Vec a) {
  for (int i = 0; i < kLanes; ++i) a.v[i] = __builtin_floorf(a.v[i]);
  return a;
}
inline Vec ceil(Vec a) {
  for (int i = 0; i < kLanes; ++i) a.v[i] = __builtin_ceilf(a.v[i]);
  return a;
}
inline Vec trunc(Vec a) {
  for (int i = 0; i < kLanes; ++i) a.v[i] = __builtin_truncf(a.v[i]);
  return a;
}
inline IVec to_int(Vec a) {
  IVec out = set1_int(0);
  for (int i = 0; i < kLanes; ++i) {
    const float r = __builtin_nearbyintf(a.v[i]);
    out.v[i] = r >= -2147483648.0F && r < 2147483648.0F ? static_cast<I32>(r) : -2147483647 - 1;
  }
  return out;
}

#endif

inline Vec zero() { return set1(0.0F); }

/// 2^n for whole n in [-126, 127].
inline Vec power_of_two(Vec n) { return as_float(shift_left<23>(to_int(n) + set1_int(127))); }

#if !defined(__AVX512F__)
inline Vec reciprocal(Vec a) { return set1(1.0F) / a; }
inline Vec scale(Vec a, Vec n) {
  const Vec half = floor(n * set1(0.5F));  // in two steps, since 2^n may be no float
  return a * power_of_two(half) * power_of_two(n - half);
}
#endif

inline Mask is_nan(Vec a) { return !equal(a, a); }
/// The absolute value, by its bits.
inline Vec abs(Vec a) { return as_float(as_int(a) & set1_int(0x7fffffff)); }

/// Folds halves onto each other: lane i with lane i + width, for width from kLanes / 2 down to 1.
template <class F>
inline float fold(Vec a, const F& f) {
#if defined(__AVX512F__)
  a = f(a, Vec{_mm512_shuffle_f32x4(a.v, a.v, 0x4e)});
  a = f(a, Vec{_mm512_shuffle_f32x4(a.v, a.v, 0xb1)});
  a = f(a, Vec{_mm512_permute_ps(a.v, 0x4e)});
  a = f(a, Vec{_mm512_permute_ps(a.v, 0xb1)});
  return _mm512_cvtss_f32(a.v);
#elif defined(__AVX2__)
  a = f(a, Vec{_mm256_permute2f128_ps(a.v, a.v, 1)});
  a = f(a, Vec{_mm256_permute_ps(a.v, 0x4e)});
  a = f(a, Vec{_mm256_permute_ps(a.v, 0xb1)});
  return _mm256_cvtss_f32(a.v);
#else
  a = f(a, Vec{Float4{a.v[2], a.v[3], a.v[0], a.v[1]}});
  a = f(a, Vec{Float4{a.v[1], a.v[0], a.v[3], a.v[2]}});
  return a.v[0];
#endif
}

/// Lanes added in a fixed order that does not depend on the ISA only when the lanes hold integers; otherwise on kLanes.
inline float reduce_add(Vec a) {
  return fold(a, [](Vec x, Vec y) { return x + y; });
}
/// The largest lane; some lane where one is NaN.
inline float reduce_max(Vec a) {
  return fold(a, [](Vec x, Vec y) { return max(x, y); });
}

}  // namespace bolide::BOLIDE_ISA_NS
