/// The 8-bit register tile as a template: R rows of at most two vectors of 32-bit sums. For gemm.cpp.
#pragma once

#include "backend/cpu/kernels/gemm.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {

namespace {

inline I32 load_i32(const void* p) {
  I32 out = 0;
  __builtin_memcpy(&out, p, 4);
  return out;
}

#if defined(__AVX512VNNI__)

/// Four products a lane: unsigned A times signed weights.
inline constexpr int kI8Group = 4;
inline constexpr bool kShiftedSign = true;

/// n <= 4 numbers of A for all lanes; signed ones are moved by 128.
template <bool kSigned>
inline IVec spread(const std::uint8_t* p) {
  const IVec x = set1_int(load_i32(p));
  return kSigned ? x ^ set1_int(static_cast<I32>(0x80808080U)) : x;
}
template <bool kSigned>
inline IVec spread_tail(const std::uint8_t* p, I64 n) {
  I32 x = 0;
  __builtin_memcpy(&x, p, static_cast<std::size_t>(n));
  return kSigned ? set1_int(x) ^ set1_int(static_cast<I32>(0x80808080U)) : set1_int(x);
}
inline IVec load_weights(const std::int8_t* p) { return {_mm512_loadu_si512(p)}; }
inline IVec dot(IVec sum, IVec x, IVec w) { return {_mm512_dpbusd_epi32(sum.v, x.v, w.v)}; }

#elif defined(__AVX2__)

/// Two products a lane, both factors widened to 16 bits, where nothing saturates.
inline constexpr int kI8Group = 2;
inline constexpr bool kShiftedSign = false;

template <bool kSigned>
inline I32 pair(std::uint8_t a, std::uint8_t b) {
  const auto low = static_cast<std::uint32_t>(kSigned ? static_cast<std::int8_t>(a) : a) & 0xffffU;
  const auto high = static_cast<std::uint32_t>(kSigned ? static_cast<std::int8_t>(b) : b) << 16;
  return static_cast<I32>(low | high);
}
template <bool kSigned>
inline IVec spread(const std::uint8_t* p) {
  return set1_int(pair<kSigned>(p[0], p[1]));
}
template <bool kSigned>
inline IVec spread_tail(const std::uint8_t* p, I64) {
  return set1_int(pair<kSigned>(p[0], 0));
}
#if defined(__AVX512F__)
inline IVec load_weights(const std::int8_t* p) {
  return {_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
inline IVec dot(IVec sum, IVec x, IVec w) { return sum + IVec{_mm512_madd_epi16(x.v, w.v)}; }
#else
inline IVec load_weights(const std::int8_t* p) {
  return {_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}
inline IVec dot(IVec sum, IVec x, IVec w) { return sum + IVec{_mm256_madd_epi16(x.v, w.v)}; }
#endif

#else

inline constexpr int kI8Group = 1;
inline constexpr bool kShiftedSign = false;

template <bool kSigned>
inline IVec spread(const std::uint8_t* p) {
  return set1_int(kSigned ? static_cast<std::int8_t>(*p) : *p);
}
template <bool kSigned>
inline IVec spread_tail(const std::uint8_t* p, I64) {
  return spread<kSigned>(p);
}
inline IVec load_weights(const std::int8_t* p) { return {Int4{p[0], p[1], p[2], p[3]}}; }
inline IVec dot(IVec sum, IVec x, IVec w) { return {sum.v + x.v * w.v}; }

#endif

/// n numbers of a row as floats; other lanes hold anything finite.
inline Vec load_numbers(const void* from, GemmI8Call::Kind kind, I64 n) {
  if (kind == GemmI8Call::Kind::kF32) return load_n(static_cast<const float*>(from), n);
  const bool is_signed = kind == GemmI8Call::Kind::kI8;
#if defined(__AVX512F__)
  const auto mask = static_cast<__mmask16>((1U << n) - 1U);
  const __m128i bytes = _mm_maskz_loadu_epi8(mask, from);
  return to_float(IVec{is_signed ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes)});
#else
  const auto* p = static_cast<const std::uint8_t*>(from);
  float lanes[kLanes] = {};
  for (I64 i = 0; i < n; ++i) lanes[i] = is_signed ? static_cast<float>(static_cast<std::int8_t>(p[i])) : p[i];
  return load(lanes);
#endif
}

/// Stores n integers that fit 8 bits.
inline void store_bytes(void* to, IVec a, I64 n) {
#if defined(__AVX512F__)
  _mm_mask_storeu_epi8(to, static_cast<__mmask16>((1U << n) - 1U), _mm512_cvtepi32_epi8(a.v));
#else
  I32 lanes[kLanes];
  __builtin_memcpy(lanes, &a, sizeof(lanes));
  auto* p = static_cast<std::uint8_t*>(to);
  for (I64 i = 0; i < n; ++i) p[i] = static_cast<std::uint8_t>(lanes[i]);
#endif
}

/// The sums of a tile as they leave the registers: [R][kLanes] for one vector of columns. The main loop needs all the
/// registers there are, so that what follows starts from memory.
struct Sums {
  const I32 (*lanes)[kLanes] = nullptr;
  int rows = 0;
  int column = 0;  ///< of the tile, where they begin
  I64 count = 0;   ///< valid lanes

  IVec of(int r) const {
    IVec out;
    __builtin_memcpy(&out, lanes[r], sizeof(out));
    return out;
  }
  Vec value(int r) const { return to_float(of(r)); }
};

/// Sums that are floats already, `stride` apart.
struct FloatSums {
  const float* first = nullptr;
  I64 stride = 0;
  int rows = 0;
  int column = 0;
  I64 count = 0;

  Vec value(int r) const { return load_n(first + r * stride, count); }
};

/// Stores the sums as integers or floats.
inline void finish_sums(const GemmI8Call& call, const Sums& sums) {
  for (int r = 0; r < sums.rows; ++r) {
    const IVec s = sums.of(r);
    // i32: the bits of the integers
    const Vec value = call.kind == GemmI8Call::Kind::kI32 ? as_float(s) : to_float(s);
    store_n(static_cast<float*>(call.out[r]) + sums.column, value, sums.count);
  }
}

/// Scales, adds, rounds and stores. Everything is in locals, because stores of bytes may alias all.
template <bool kBytes, bool kInner, class AnySums>
void requantise_sums(const GemmI8Call& call, const AnySums sums) {
  const int column = sums.column;
  void* const* out = call.out;
  const void* const* residual = call.residual;
  const GemmI8Call::Kind residual_kind = call.residual_kind;
  const I64 residual_column = column * (residual_kind == GemmI8Call::Kind::kF32 ? 4 : 1);
  const Vec scale = load(call.scale + column);
  const Vec offset = load(call.offset + column);
  const Vec inner_scale = kInner ? load(call.inner_scale + column) : zero();
  const Vec inner_offset = kInner ? load(call.inner_offset + column) : zero();
  const Vec inner_low = set1(call.inner_low);
  const Vec inner_high = set1(call.inner_high);
  const Vec residual_scale = set1(call.residual_scale);
  const Vec zero_point = set1(call.zero);
  const Vec low = set1(call.low);
  const Vec high = set1(call.high);
  const bool round_first = call.round_first;
  for (int r = 0; r < sums.rows; ++r) {
    Vec value = sums.value(r);
    if (kInner) value = round(min(inner_high, max(inner_low, fma(value, inner_scale, inner_offset))));
    value = fma(value, scale, offset);
    if (residual) {
      const void* from = static_cast<const std::uint8_t*>(residual[r]) + residual_column;
      value = fma(load_numbers(from, residual_kind, sums.count), residual_scale, value);
    }
    if (round_first) value = round(value) + zero_point;
    value = min(high, max(low, value));
    if (kBytes) {
      store_bytes(static_cast<std::uint8_t*>(out[r]) + column, to_int(value), sums.count);
    } else {
      store_n(static_cast<float*>(out[r]) + column, value, sums.count);
    }
  }
}

template <class AnySums>
void requantise(const GemmI8Call& call, const AnySums& sums) {
  const bool bytes = call.kind != GemmI8Call::Kind::kF32;
  if (call.inner_scale) {
    return bytes ? requantise_sums<true, true>(call, sums) : requantise_sums<false, true>(call, sums);
  }
  return bytes ? requantise_sums<true, false>(call, sums) : requantise_sums<false, false>(call, sums);
}

__attribute__((noinline)) void finish(const GemmI8Call& call, const Sums& sums) {
  call.scale ? requantise(call, sums) : finish_sums(call, sums);
}

void finish_floats(const GemmI8Call& call, const float* sums, int rows) {
  for (int column = 0; column < call.columns; column += kLanes) {
    const I64 left = call.columns - column;
    requantise(call, FloatSums{sums + column, call.columns, rows, column, left < kLanes ? left : kLanes});
  }
}

template <int kRows, int kVectors, bool kSigned>
void tile_i8(const GemmI8Call& call) {
  IVec sum[kVectors][kRows];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    IVec start;
    __builtin_memcpy(&start, call.bias + v * kLanes, sizeof(start));
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) sum[v][r] = start;
  }
  constexpr I64 kStep = static_cast<I64>(2) * kLanes * kI8Group;  // bytes of the panel for one group of k
  const std::int8_t* b = call.panel;
  const I64 whole = call.k / kI8Group * kI8Group;
  for (I64 t = 0; t < call.taps; ++t) {
    const std::uint8_t* a[kRows];
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) a[r] = call.rows[t * kRows + r];
    for (I64 i = 0; i < whole; i += kI8Group, b += kStep) {
      IVec w[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) w[v] = load_weights(b + v * kLanes * kI8Group);
#pragma GCC unroll 14
      for (int r = 0; r < kRows; ++r) {
        const IVec x = spread<kSigned>(a[r] + i);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) sum[v][r] = dot(sum[v][r], x, w[v]);
      }
    }
    if (kI8Group > 1 && whole < call.k) {
#pragma GCC unroll 14
      for (int r = 0; r < kRows; ++r) {
        const IVec x = spread_tail<kSigned>(a[r] + whole, call.k - whole);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) sum[v][r] = dot(sum[v][r], x, load_weights(b + v * kLanes * kI8Group));
      }
      b += kStep;
    }
  }
  alignas(64) I32 kept[kVectors][kRows][kLanes];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) __builtin_memcpy(kept[v][r], &sum[v][r], sizeof(sum[v][r]));
  }
  for (int v = 0; v < kVectors; ++v) {
    const int left = call.columns - v * kLanes;
    finish(call, {kept[v], kRows, v * kLanes, left < kLanes ? left : kLanes});
  }
}

template <int kRows>
void by_width_i8(const GemmI8Call& call) {
  if (call.columns <= kLanes) {
    return call.is_signed ? tile_i8<kRows, 1, true>(call) : tile_i8<kRows, 1, false>(call);
  }
  return call.is_signed ? tile_i8<kRows, 2, true>(call) : tile_i8<kRows, 2, false>(call);
}

}  // namespace

}  // namespace bolide::BOLIDE_ISA_NS
