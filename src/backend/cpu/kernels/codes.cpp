#include "backend/cpu/kernels/codes.h"

#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

template <class T>
void dequantise(const void* from, float zero, float scale, float* out, I64 n) {
  const T* p = static_cast<const T*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = (static_cast<float>(p[i]) - zero) * scale;
}

/// A product with the inverse differs from the quotient in the last places, which decides the rounding near halves
/// only: there the quotient is taken. Quotients that are so large that this does not see them saturate.
template <bool kByInverse>
Vec rounded_quotient(Vec x, Vec scale, Vec inverse) {
  if (kByInverse) {
    const Vec near = x * inverse;
    const Vec whole = round(near);
    if (!any(less(set1(0.4995F), abs(near - whole)))) return whole;
  }
  return round(x / scale);
}

template <class T, bool kByInverse>
void quantise_as(const float* x, float divisor, float zero, T* to, I64 n) {
  constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  constexpr I64 kBlock = 64;
  const Vec low = set1(kSigned ? -128.0F : 0.0F);
  const Vec high = set1(kSigned ? 127.0F : 255.0F);
  const Vec scale = set1(divisor);
  const Vec inverse = set1(1.0F / divisor);
  const Vec offset = set1(zero);
  I32 whole[kBlock];
  for (I64 start = 0; start < n; start += kBlock) {
    const I64 count = n - start < kBlock ? n - start : kBlock;
    for (I64 i = 0; i < count; i += kLanes) {
      const Vec value = count - i >= kLanes ? load(x + start + i) : load_n(x + start + i, count - i);
      const Vec code = rounded_quotient<kByInverse>(value, scale, inverse) + offset;
      const IVec rounded = to_int(select(is_nan(code), set1(0.0F), max(low, min(high, code))));
      __builtin_memcpy(whole + i, &rounded, sizeof(rounded));
    }
    if (count == kBlock) {
      for (I64 i = 0; i < kBlock; ++i) to[start + i] = static_cast<T>(whole[i]);
    } else {
      for (I64 i = 0; i < count; ++i) to[start + i] = static_cast<T>(whole[i]);
    }
  }
}

template <class T>
void quantise(const float* x, float scale, float zero, void* to, I64 n) {
  const float size = __builtin_fabsf(scale);
  if (size > 0x1p-100F && size < 0x1p100F && __builtin_fabsf(zero) <= 255.0F) {
    quantise_as<T, true>(x, scale, zero, static_cast<T*>(to), n);
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

}  // namespace

extern const CodeKernels kCodes;
constexpr CodeKernels kCodes = {dequantise<std::uint8_t>, dequantise<std::int8_t>, quantise<std::uint8_t>,
                                quantise<std::int8_t>, look_up};

}  // namespace bolide::BOLIDE_ISA_NS
