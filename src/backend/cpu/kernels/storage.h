/// Elements as they are stored, to and from f32. Integers are rounded to the nearest, ties to even, and held to their
/// range; NaN becomes 0.
#pragma once

#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {

template <class T>
void load_as(const void* from, float* out, I64 n) {
  const T* p = static_cast<const T*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = static_cast<float>(p[i]);
}
inline void load_bool(const void* from, float* out, I64 n) {
  const unsigned char* p = static_cast<const unsigned char*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = p[i] != 0 ? 1.0F : 0.0F;
}

template <class T>
void store_float(const float* from, void* to, I64 n) {
  T* p = static_cast<T*>(to);
  for (I64 i = 0; i < n; ++i) p[i] = static_cast<T>(from[i]);
}
/// Integers of [low, high], both exact as f32 or, for wide types, high the first float beyond the range.
template <class T>
void store_integer(const float* from, void* to, I64 n) {
  constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  constexpr int kBits = static_cast<int>(sizeof(T)) * 8 - (kSigned ? 1 : 0);
  constexpr T kHighest =
      static_cast<T>(static_cast<T>(~T{0}) ^ (kSigned ? static_cast<T>(T{1} << (sizeof(T) * 8 - 1)) : T{0}));
  const float end = __builtin_ldexpf(1.0F, kBits);
  T* p = static_cast<T*>(to);
  for (I64 i = 0; i < n; ++i) {
    const float r = __builtin_nearbyintf(from[i]);
    if (r >= end) {
      p[i] = kHighest;
    } else if (r <= (kSigned ? -end : 0.0F)) {
      p[i] = static_cast<T>(~kHighest);
    } else {
      p[i] = r != r ? T{0} : static_cast<T>(r);
    }
  }
}
/// 8- and 16-bit integers.
template <class T>
void store_narrow(const float* from, void* to, I64 n) {
  constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  constexpr int kBits = static_cast<int>(sizeof(T)) * 8;
  constexpr float kLow = kSigned ? -static_cast<float>(1 << (kBits - 1)) : 0.0F;
  constexpr float kHigh = static_cast<float>(kSigned ? (1 << (kBits - 1)) - 1 : (1 << kBits) - 1);
  constexpr I64 kBlock = 64;
  T* p = static_cast<T*>(to);
  I32 whole[kBlock];
  for (I64 start = 0; start < n; start += kBlock) {
    const I64 count = n - start < kBlock ? n - start : kBlock;
    for (I64 i = 0; i < count; i += kLanes) {
      const Vec x = count - i >= kLanes ? load(from + start + i) : load_n(from + start + i, count - i);
      const Vec clamped = max(set1(kLow), min(set1(kHigh), x));
      const IVec rounded = to_int(select(is_nan(x), zero(), clamped));
      __builtin_memcpy(whole + i, &rounded, sizeof(rounded));
    }
    if (count == kBlock) {
      for (I64 i = 0; i < kBlock; ++i) p[start + i] = static_cast<T>(whole[i]);
    } else {
      for (I64 i = 0; i < count; ++i) p[start + i] = static_cast<T>(whole[i]);
    }
  }
}
inline void store_bool(const float* from, void* to, I64 n) {
  unsigned char* p = static_cast<unsigned char*>(to);
  for (I64 i = 0; i < n; ++i) p[i] = from[i] != 0 ? 1 : 0;
}

inline float float_of(std::uint32_t bits) {
  float out = 0;
  __builtin_memcpy(&out, &bits, 4);
  return out;
}
inline std::uint32_t bits_of(float value) {
  std::uint32_t out = 0;
  __builtin_memcpy(&out, &value, 4);
  return out;
}
inline void load_bf16(const void* from, float* out, I64 n) {
  const std::uint16_t* p = static_cast<const std::uint16_t*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = float_of(static_cast<std::uint32_t>(p[i]) << 16);
}
inline void store_bf16(const float* from, void* to, I64 n) {
  std::uint16_t* p = static_cast<std::uint16_t*>(to);
  for (I64 i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of(from[i]);
    const std::uint32_t rounded = bits + 0x7fffU + ((bits >> 16) & 1U);
    p[i] = static_cast<std::uint16_t>(from[i] != from[i] ? (bits >> 16) | 0x40U : rounded >> 16);
  }
}
inline void load_f16(const void* from, float* out, I64 n) {
  const std::uint16_t* p = static_cast<const std::uint16_t*>(from);
  I64 i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16) {
    const __m256i halves = _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(p + i)));
    _mm512_storeu_ps(out + i, _mm512_cvtph_ps(halves));
  }
#elif defined(__F16C__)
  for (; i + 8 <= n; i += 8) {
    const __m128i halves = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p + i)));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(halves));
  }
#endif
  for (; i < n; ++i) {
    const std::uint32_t sign = (p[i] & 0x8000U) << 16;
    const std::uint32_t rest = p[i] & 0x7fffU;
    // exponent moved by 112; subnormals become exact by one multiplication
    const float value =
        rest >= 0x7c00U ? float_of((rest << 13) + 0x70000000U) : float_of(rest << 13) * float_of(0x77800000U);
    out[i] = float_of(bits_of(value) | sign);
  }
}
inline void store_f16(const float* from, void* to, I64 n) {
  std::uint16_t* p = static_cast<std::uint16_t*>(to);
  I64 i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16) {
    const __m256i halves = _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
    _mm256_storeu_si256(static_cast<__m256i*>(static_cast<void*>(p + i)), halves);
  }
#elif defined(__F16C__)
  for (; i + 8 <= n; i += 8) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(static_cast<__m128i*>(static_cast<void*>(p + i)), halves);
  }
#endif
  for (; i < n; ++i) {
    const std::uint32_t bits = bits_of(from[i]);
    const std::uint32_t size = bits & 0x7fffffffU;
    std::uint32_t half = 0;
    if (size > 0x7f800000U) {
      half = 0x7e00U | ((size >> 13) & 0x3ffU);
    } else if (size >= 0x477ff000U) {
      half = 0x7c00U;
    } else if (size >= 0x38800000U) {
      half = (size + 0xfffU + ((size >> 13) & 1U) - 0x38000000U) >> 13;
    } else {
      half = bits_of(float_of(size) + 0.5F) - 0x3f000000U;  // the sum's last bit is the subnormals' unit
    }
    p[i] = static_cast<std::uint16_t>(half | ((bits >> 16) & 0x8000U));
  }
}

}  // namespace bolide::BOLIDE_ISA_NS
