#include "backend/cpu/kernels/attention.h"

#include "backend/cpu/kernels/vec_math.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

constexpr I64 kBlock = 2048;  ///< exponentials added in f32 before they go to the double
constexpr int kUnroll = 4;

/// NaN wins.
Vec larger(Vec top, Vec x) { return select(is_nan(top), top, max(top, x)); }

Vec get(const float* p, I64 width) { return width == kLanes ? load(p) : load_n(p, width); }
void put(float* p, Vec a, I64 width) {
  if (width == kLanes) {
    store(p, a);
  } else {
    store_n(p, a, width);
  }
}

/// f(accumulator, i, width) for the vectors of [begin, end), over kUnroll accumulators in turn.
template <class F>
void each_vector(I64 begin, I64 end, const F& f) {
  I64 i = begin;
  for (; i + kUnroll * kLanes <= end; i += kUnroll * kLanes) {
    for (int u = 0; u < kUnroll; ++u) f(u, i + u * kLanes, static_cast<I64>(kLanes));
  }
  for (; i + kLanes <= end; i += kLanes) f(0, i, static_cast<I64>(kLanes));
  if (i < end) f(0, i, end - i);
}

/// z in place of x, and its largest element.
float shift_and_scale(const AttentionRow& row) {
  const Vec scale = set1(row.scale);
  const Vec offset = set1(row.offset);
  const Vec lowest = set1(-__builtin_inff());
  Vec top[kUnroll] = {lowest, lowest, lowest, lowest};
  each_vector(0, row.n, [&](int u, I64 i, I64 width) {
    const Vec z = fma(get(row.x + i, width), scale, row.mask != nullptr ? get(row.mask + i, width) : offset);
    put(row.x + i, z, width);
    if (width == kLanes) {
      top[u] = larger(top[u], z);
      return;
    }
    float lanes[kLanes];
    store(lanes, lowest);
    store_n(lanes, z, width);
    top[u] = larger(top[u], load(lanes));
  });
  float lanes[kLanes];
  for (int u = 1; u < kUnroll; ++u) top[0] = larger(top[0], top[u]);
  store(lanes, top[0]);
  float out = lanes[0];
  for (int i = 1; i < kLanes; ++i) out = out != out || out > lanes[i] ? out : lanes[i];
  return out;
}

void exponentials(AttentionRow& row) {
  const Vec top = set1(shift_and_scale(row));
  row.sum = 0;
  for (I64 start = 0; start < row.n; start += kBlock) {
    const I64 end = row.n - start < kBlock ? row.n : start + kBlock;
    Vec sum[kUnroll] = {zero(), zero(), zero(), zero()};
    each_vector(start, end, [&](int u, I64 i, I64 width) {
      const Vec e = exp_negative(get(row.x + i, width) - top);
      put(row.x + i, e, width);
      if (width == kLanes) {
        sum[u] = sum[u] + e;
        return;
      }
      float lanes[kLanes];
      store(lanes, e);
      sum[u] = sum[u] + load_n(lanes, width);
    });
    row.sum += static_cast<double>(reduce_add((sum[0] + sum[1]) + (sum[2] + sum[3])));
  }
}

/// kKeys products at once.
template <int kKeys>
void some_scores(const float* q, const float* k, I64 stride, I64 size, float* out) {
  Vec sum[kKeys];
#pragma GCC unroll 4
  for (int j = 0; j < kKeys; ++j) sum[j] = zero();
  I64 i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const Vec x = load(q + i);
#pragma GCC unroll 4
    for (int j = 0; j < kKeys; ++j) sum[j] = fma(x, load(k + j * stride + i), sum[j]);
  }
  if (i < size) {
    const Vec x = load_n(q + i, size - i);
#pragma GCC unroll 4
    for (int j = 0; j < kKeys; ++j) sum[j] = fma(x, load_n(k + j * stride + i, size - i), sum[j]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < kKeys; ++j) out[j] = reduce_add(sum[j]);
}

void scores(const float* q, const float* k, I64 stride, I64 keys, I64 size, float* out) {
  I64 j = 0;
  for (; j + 4 <= keys; j += 4) some_scores<4>(q, k + j * stride, stride, size, out + j);
  for (; j < keys; ++j) some_scores<1>(q, k + j * stride, stride, size, out + j);
}

/// kVectors vectors of the result, or with kTail the first `rest` lanes of one.
template <int kVectors, bool kTail>
void some_values(const float* w, const float* v, I64 stride, I64 keys, float* out, I64 rest) {
  Vec sum[kVectors];
#pragma GCC unroll 4
  for (int u = 0; u < kVectors; ++u) sum[u] = zero();
  for (I64 j = 0; j < keys; ++j) {
    const Vec weight = set1(w[j]);
    const float* row = v + j * stride;
#pragma GCC unroll 4
    for (int u = 0; u < kVectors; ++u) {
      sum[u] = fma(weight, kTail ? load_n(row, rest) : load(row + u * kLanes), sum[u]);
    }
  }
#pragma GCC unroll 4
  for (int u = 0; u < kVectors; ++u) {
    if constexpr (kTail) {
      store_n(out, sum[u], rest);
    } else {
      store(out + u * kLanes, sum[u]);
    }
  }
}

void weigh(const float* w, const float* v, I64 stride, I64 keys, I64 values, float* out) {
  I64 i = 0;
  for (; i + 4 * kLanes <= values; i += 4 * kLanes) some_values<4, false>(w, v + i, stride, keys, out + i, 0);
  for (; i + kLanes <= values; i += kLanes) some_values<1, false>(w, v + i, stride, keys, out + i, 0);
  if (i < values) some_values<1, true>(w, v + i, stride, keys, out + i, values - i);
}

}  // namespace

extern const AttentionKernels kAttention;
constexpr AttentionKernels kAttention = {exponentials, scores, weigh};

}  // namespace bolide::BOLIDE_ISA_NS
