/// The f32 register tile as a template: R rows of at most two vectors of columns. For gemm.cpp.
#pragma once

#include "backend/cpu/kernels/gemm.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {

namespace {

/// Vector v of a row of `columns` floats.
inline Vec load_part(const float* p, int v, int columns) {
  const int left = columns - v * kLanes;
  return left >= kLanes ? load(p + v * kLanes) : load_n(p + v * kLanes, left);
}

template <int kRows, int kVectors>
void tile_f32(const GemmF32Call& call) {
  Vec sum[kRows][kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const Vec start = call.bias ? load_part(call.bias, v, call.columns) : zero();
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) sum[r][v] = start;
  }
  const float* b = call.panel;
  for (I64 t = 0; t < call.taps; ++t) {
    const float* a[kRows];
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) a[r] = call.rows[t * kRows + r];
    for (I64 i = 0; i < call.k; ++i, b += 2 * kLanes) {
      Vec w[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) w[v] = load(b + v * kLanes);
#pragma GCC unroll 14
      for (int r = 0; r < kRows; ++r) {
        const Vec x = set1(a[r][i]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) sum[r][v] = fma(x, w[v], sum[r][v]);
      }
    }
  }
  if (call.residual) {
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        sum[r][v] = sum[r][v] + load_part(call.residual[r], v, call.columns);
      }
    }
  }
  if (call.clamp) {
    const Vec low = set1(call.low);
    const Vec high = set1(call.high);
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[r][v] = min(high, max(low, sum[r][v]));
    }
  }
  const int last = call.columns - (kVectors - 1) * kLanes;
#pragma GCC unroll 14
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors - 1; ++v) store(call.out[r] + v * kLanes, sum[r][v]);
    float* end = call.out[r] + (kVectors - 1) * kLanes;
    if (last == kLanes) {
      store(end, sum[r][kVectors - 1]);
    } else {
      store_n(end, sum[r][kVectors - 1], last);
    }
  }
}

/// Columns that fit one vector do without the second.
template <int kRows>
void by_width_f32(const GemmF32Call& call) {
  return call.columns <= kLanes ? tile_f32<kRows, 1>(call) : tile_f32<kRows, 2>(call);
}

}  // namespace

}  // namespace bolide::BOLIDE_ISA_NS
