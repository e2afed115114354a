/// Sums and products of two dequantised 8-bit operands, quantised again, in one sweep.
#pragma once

#include "backend/cpu/kernels/codes.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

#if defined(__AVX2__) && defined(__FMA__)

#if defined(__AVX512BW__)
inline constexpr I64 kCodes4 = 64;  ///< of four vectors
template <bool kSigned>
Vec read_codes(const std::uint8_t* p) {
  const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p)));
  return {_mm512_cvtepi32_ps(kSigned ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes))};
}
template <bool kSigned>
void write_codes(const IVec (&c)[4], I32 zero_point, std::uint8_t* to) {
  const __m512i offset = _mm512_set1_epi16(static_cast<short>(zero_point));
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(c[0].v, c[1].v), offset);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(c[2].v, c[3].v), offset);
  const __m512i bytes = kSigned ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, bytes));
}
#else
inline constexpr I64 kCodes4 = 32;
template <bool kSigned>
Vec read_codes(const std::uint8_t* p) {
  const __m128i bytes = _mm_loadl_epi64(static_cast<const __m128i*>(static_cast<const void*>(p)));
  return {_mm256_cvtepi32_ps(kSigned ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes))};
}
template <bool kSigned>
void write_codes(const IVec (&c)[4], I32 zero_point, std::uint8_t* to) {
  const __m256i offset = _mm256_set1_epi16(static_cast<short>(zero_point));
  const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(c[0].v, c[1].v), offset);
  const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(c[2].v, c[3].v), offset);
  const __m256i bytes = kSigned ? _mm256_packs_epi16(low, high) : _mm256_packus_epi16(low, high);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(static_cast<__m256i*>(static_cast<void*>(to)), _mm256_permutevar8x32_epi32(bytes, order));
}
#endif
static_assert(kCodes4 == 4 * kLanes);

/// kExact: zero * scale is a float, so that one rounding of code * scale - zero * scale is that of the definition.
template <bool kSigned, bool kProduct, bool kExact>
void pair_codes(const CodePair& p) {
  const Vec a_zero = set1(kExact ? -p.a_zero * p.a_scale : p.a_zero);
  const Vec b_zero = set1(kExact ? -p.b_zero * p.b_scale : p.b_zero);
  const Vec a_scale = set1(p.a_scale);
  const Vec b_scale = set1(p.b_scale);
  const Vec minus_scale = set1(-p.scale);
  const Vec inverse = set1(1.0F / p.scale);
  const I32 zero_point = static_cast<I32>(p.zero);
  const auto number = [](Vec code, Vec zero_value, Vec scale_value) {
    return kExact ? fma(code, scale_value, zero_value) : (code - zero_value) * scale_value;
  };
  const auto four = [&](const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* to) {
    IVec codes[4];
    for (int j = 0; j < 4; ++j) {
      const Vec x = number(read_codes<kSigned>(a + j * kLanes), a_zero, a_scale);
      const Vec y = number(read_codes<kSigned>(b + j * kLanes), b_zero, b_scale);
      const Vec value = kProduct ? x * y : x + y;
      const Vec near = value * inverse;
      codes[j] = to_int(fma(fma(near, minus_scale, value), inverse, near));
    }
    write_codes<kSigned>(codes, zero_point, to);
  };
  I64 i = 0;
  for (; i + kCodes4 <= p.n; i += kCodes4) four(p.a + i, p.b + i, p.to + i);
  if (i == p.n) return;
  const auto rest = static_cast<std::size_t>(p.n - i);
  std::uint8_t last[3][kCodes4] = {};
  __builtin_memcpy(last[0], p.a + i, rest);
  __builtin_memcpy(last[1], p.b + i, rest);
  four(last[0], last[1], last[2]);
  __builtin_memcpy(p.to + i, last[2], rest);
}

template <bool kSigned>
void run_pair(const CodePair& p, bool exact) {
  if (p.product) {
    exact ? pair_codes<kSigned, true, true>(p) : pair_codes<kSigned, true, false>(p);
  } else {
    exact ? pair_codes<kSigned, false, true>(p) : pair_codes<kSigned, false, false>(p);
  }
}

inline bool pair(const CodePair& p) {
  const auto plain = [](float scale) { return scale > 0x1p-60F && scale < 0x1p60F; };
  const auto whole = [](float zero_point) {
    return zero_point >= -255.0F && zero_point <= 255.0F &&
           zero_point == static_cast<float>(static_cast<I32>(zero_point));
  };
  const auto exact = [](float zero_point, float scale) {
    return static_cast<double>(zero_point * scale) == static_cast<double>(zero_point) * static_cast<double>(scale);
  };
  if (!plain(p.a_scale) || !plain(p.b_scale) || !plain(p.scale)) return false;
  if (!whole(p.a_zero) || !whole(p.b_zero) || !whole(p.zero)) return false;
  const double a = 512.0 * static_cast<double>(p.a_scale);
  const double b = 512.0 * static_cast<double>(p.b_scale);
  const double most = p.product ? a * b : a + b;
  const double unit = static_cast<double>(p.scale);
  if (!(most < 0x1p30 * unit)) return false;                            // codes fit 32 bits
  if (p.product && !(a * b > 0x1p-60 && a * b < 0x1p60)) return false;  // nor do steps between go under
  const bool one_rounding = exact(p.a_zero, p.a_scale) && exact(p.b_zero, p.b_scale);
  p.is_signed ? run_pair<true>(p, one_rounding) : run_pair<false>(p, one_rounding);
  return true;
}

#else

inline bool pair(const CodePair&) { return false; }  // corrected quotients need products that are not rounded

#endif

}  // namespace
}  // namespace bolide::BOLIDE_ISA_NS
