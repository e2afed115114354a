#include "backend/cpu/kernels/codes.h"

#include "backend/cpu/kernels/code_pairs.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

template <class T>
void dequantise(const void* from, float zero, float scale, float* out, I64 n) {
  const T* p = static_cast<const T*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = (static_cast<float>(p[i]) - zero) * scale;
}

/// x / scale by the rounded inverse, corrected once: the quotient from within 2^-23 units in its last place, rounded.
Vec corrected_quotient(Vec x, Vec scale, Vec inverse) {
  const Vec near = x * inverse;
  return fma(fma(zero() - near, scale, x), inverse, near);
}

template <class T>
void put_codes(IVec codes, T* to) {
#if defined(__AVX512F__)
  _mm_storeu_si128(static_cast<__m128i*>(static_cast<void*>(to)), _mm512_cvtepi32_epi8(codes.v));
#else
  I32 whole[kLanes];
  __builtin_memcpy(whole, &codes, sizeof(codes));
  for (int i = 0; i < kLanes; ++i) to[i] = static_cast<T>(whole[i]);
#endif
}

/// With kByInverse, scale is in [2^-60, 2^60], and x is held where the codes end, so that nothing overflows.
template <class T, bool kByInverse>
void quantise_as(const float* x, float divisor, float zero_point, T* to, I64 n) {
  constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  constexpr float kLow = kSigned ? -128.0F : 0.0F;
  constexpr float kHigh = kSigned ? 127.0F : 255.0F;
  const Vec least = set1((kLow - zero_point) * divisor);
  const Vec most = set1((kHigh - zero_point) * divisor);
  const Vec scale = set1(divisor);
  const Vec inverse = set1(1.0F / divisor);
  const Vec offset = set1(zero_point);
  const auto codes = [&](Vec value) {
    if (kByInverse) {
      const Vec inside = min(max(value, least), most);  // NaN becomes the least
      const Vec code = round(corrected_quotient(inside, scale, inverse)) + offset;
      return to_int(kSigned ? select(is_nan(value), zero(), code) : code);
    }
    const Vec code = round(value / scale) + offset;
    return to_int(select(is_nan(code), zero(), max(set1(kLow), min(set1(kHigh), code))));
  };
  I64 i = 0;
  for (; i + kLanes <= n; i += kLanes) put_codes(codes(load(x + i)), to + i);
  if (i == n) return;
  T last[kLanes];
  put_codes(codes(load_n(x + i, n - i)), last);
  for (I64 j = 0; i + j < n; ++j) to[i + j] = last[j];
}

template <class T>
void quantise(const float* x, float scale, float zero, void* to, I64 n) {
#if defined(__FMA__)
  constexpr bool kCorrects = true;
#else
  constexpr bool kCorrects = false;  // the correction needs products that are not rounded
#endif
  if (kCorrects && scale > 0x1p-60F && scale < 0x1p60F && __builtin_fabsf(zero) <= 255.0F) {
    quantise_as<T, kCorrects>(x, scale, zero, static_cast<T*>(to), n);
  } else {
    quantise_as<T, false>(x, scale, zero, static_cast<T*>(to), n);
  }
}

void look_up(const std::uint8_t* table, const std::uint8_t* from, std::uint8_t* to, I64 n) {
  I64 i = 0;
#if defined(__AVX512BW__)
  // Words of two neighbours, the right one of which is shifted down.
  const __m512i words[4] = {_mm512_loadu_si512(table), _mm512_loadu_si512(table + 64), _mm512_loadu_si512(table + 128),
                            _mm512_loadu_si512(table + 192)};
  for (; i + 32 <= n; i += 32) {
    const __m512i code =
        _mm512_cvtepu8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(from + i))));
    const __m512i word = _mm512_srli_epi16(code, 1);
    const __m512i lower = _mm512_permutex2var_epi16(words[0], word, words[1]);
    const __m512i upper = _mm512_permutex2var_epi16(words[2], word, words[3]);
    const __m512i pair = _mm512_mask_blend_epi16(_mm512_test_epi16_mask(code, _mm512_set1_epi16(128)), lower, upper);
    const __mmask32 odd = _mm512_test_epi16_mask(code, _mm512_set1_epi16(1));
    _mm256_storeu_si256(static_cast<__m256i*>(static_cast<void*>(to + i)),
                        _mm512_cvtepi16_epi8(_mm512_mask_srli_epi16(pair, odd, pair, 8)));
  }
#endif
  for (; i + 8 <= n; i += 8) {
    std::uint64_t codes = 0;
    std::uint64_t results = 0;
    __builtin_memcpy(&codes, from + i, 8);
    for (unsigned bit = 0; bit < 64; bit += 8) results |= std::uint64_t{table[(codes >> bit) & 255U]} << bit;
    __builtin_memcpy(to + i, &results, 8);
  }
  for (; i < n; ++i) to[i] = table[from[i]];
}

/// Signed codes as those of 128 more.
template <class T>
I64 sum(const void* x, I64 n) {
  [[maybe_unused]] constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  const T* p = static_cast<const T*>(x);
  I64 i = 0;
  I64 total = 0;
#if defined(__AVX512BW__)
  const __m512i flip = _mm512_set1_epi8(kSigned ? -128 : 0);
  __m512i sums = _mm512_setzero_si512();
  for (; i + 64 <= n; i += 64) {
    sums = _mm512_add_epi64(sums,
                            _mm512_sad_epu8(_mm512_xor_si512(_mm512_loadu_si512(p + i), flip), _mm512_setzero_si512()));
  }
  total = _mm512_reduce_add_epi64(sums) - (kSigned ? 128 * i : 0);
#elif defined(__AVX2__)
  const __m256i flip = _mm256_set1_epi8(kSigned ? -128 : 0);
  __m256i sums = _mm256_setzero_si256();
  for (; i + 32 <= n; i += 32) {
    const __m256i codes = _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(p + i)));
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(_mm256_xor_si256(codes, flip), _mm256_setzero_si256()));
  }
  total = _mm256_extract_epi64(sums, 0) + _mm256_extract_epi64(sums, 1) + _mm256_extract_epi64(sums, 2) +
          _mm256_extract_epi64(sums, 3) - (kSigned ? 128 * i : 0);
#endif
  for (; i < n; ++i) total += p[i];
  return total;
}

template <class T>
void column_sums(const void* x, I64 n, I64 stride, I64 m, I32* sums) {
  const T* p = static_cast<const T*>(x);
  for (I64 i = 0; i < n; ++i, p += stride) {
    for (I64 j = 0; j < m; ++j) sums[j] += p[j];
  }
}

}  // namespace

extern const CodeKernels kCodes;
constexpr CodeKernels kCodes = {dequantise<std::uint8_t>,
                                dequantise<std::int8_t>,
                                quantise<std::uint8_t>,
                                quantise<std::int8_t>,
                                pair,
                                look_up,
                                sum<std::uint8_t>,
                                sum<std::int8_t>,
                                column_sums<std::uint8_t>,
                                column_sums<std::int8_t>};

}  // namespace bolide::BOLIDE_ISA_NS
