/// Pooling by steps of 1: a patch of a plane with its padding, reduced down its columns and along its rows in place.
#pragma once

#include "backend/cpu/kernels/pool.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

/// x[0, count) = value, in whole vectors.
inline void fill_vectors(float* x, I64 count, float value) {
  for (I64 i = 0; i < count; i += kLanes) store(x + i, set1(value));
}

/// The padded rows that the patch's windows reach over, each r.pitch floats. Returns whether one of them has a NaN.
inline bool bring_patch(const PoolPatch& r, float nothing) {
  const I64 reach = (r.kernel_height - 1) * r.dilation_height;
  const I64 inside = r.in_width < r.pitch - r.before ? r.in_width : r.pitch - r.before;
  Mask bad = less(zero(), zero());
  float* to = r.padded;
  if (inside <= 0) {
    fill_vectors(to, (r.rows + reach) * r.pitch, nothing);
    return false;
  }
  fill_vectors(to, r.before, nothing);
  for (I64 y = r.first - r.above; y < r.first - r.above + r.rows + reach; ++y, to += r.pitch) {
    if (y < 0 || y >= r.in_height) {
      fill_vectors(to + r.before, r.pitch, nothing);
      continue;
    }
    const float* from = r.x + y * r.x_row;
    float* const row = to + r.before;
    I64 i = 0;
    for (; i + kLanes <= inside; i += kLanes) {
      const Vec value = load(from + i);
      bad = bad | is_nan(value);
      store(row + i, value);
    }
    if (i < inside) {
      const Vec value = load_n(from + i, inside - i);
      bad = bad | is_nan(value);
      store(row + i, value);
    }
    fill_vectors(row + inside, r.pitch - inside, nothing);  // and what is before the next row
  }
  return any(bad);
}

/// x[i] = f over the taps k of x[i + k * apart], for i in [0, count) and what is left of the last vector.
template <class F>
void reduce_ahead(float* x, I64 taps, I64 apart, I64 count, const F& f) {
  for (I64 i = 0; i < count; i += kLanes) {
    Vec sum = load(x + i);
    for (I64 k = 1; k < taps; ++k) sum = f(sum, load(x + i + k * apart));
    store(x + i, sum);
  }
}
/// The same for an f of which repeated arguments do not count: twice as many taps a sweep.
template <class F>
void reduce_by_doubling(float* x, I64 taps, I64 apart, I64 count, const F& f) {
  I64 done = 1;
  for (; 2 * done <= taps; done *= 2) reduce_ahead(x, 2, done * apart, count + (taps - 2 * done) * apart, f);
  if (done < taps) reduce_ahead(x, 2, (taps - done) * apart, count, f);
}

/// kRepeats: repeated arguments of f do not count.
template <bool kRepeats, class F>
void pool_patch(const PoolPatch& r, const F& f) {
  constexpr I64 kMany = 8;
  const I64 count = r.rows * r.pitch;
  if (kRepeats && r.kernel_height >= kMany) {
    reduce_by_doubling(r.padded, r.kernel_height, r.dilation_height * r.pitch, count, f);
  } else {
    reduce_ahead(r.padded, r.kernel_height, r.dilation_height * r.pitch, count, f);
  }
  I64 taps = r.kernel_width;
  if (kRepeats && taps >= kMany) {
    reduce_by_doubling(r.padded, taps, r.dilation_width, count - (taps - 1) * r.dilation_width, f);
    taps = 1;
  }
  const float* from = r.padded;
  for (I64 y = 0; y < r.rows; ++y, from += r.pitch) {
    float* const out = r.out + (r.first + y) * r.out_row;
    for (I64 i = 0; i < r.out_width; i += kLanes) {
      const I64 rest = r.out_width - i;
      Vec sum = load(from + i);
      for (I64 k = 1; k < taps; ++k) sum = f(sum, load(from + i + k * r.dilation_width));
      if (r.column_taps != nullptr) {
        const float* const columns = r.column_taps + i;
        const Vec counted = (rest >= kLanes ? load(columns) : load_n(columns, rest)) * set1(r.row_taps[r.first + y]);
        sum = select(equal(counted, zero()), zero(), sum * (set1(1.0F) / counted));
      }
      if (rest >= kLanes) {
        store(out + i, sum);
      } else {
        store_n(out + i, sum, rest);
      }
    }
  }
}

inline void max_patch(const PoolPatch& r) {
  if (bring_patch(r, -__builtin_inff())) {
    pool_patch<true>(r, [](Vec a, Vec b) { return select(is_nan(a), a, max(a, b)); });
  } else {
    pool_patch<true>(r, [](Vec a, Vec b) { return max(a, b); });
  }
}
inline void average_patch(const PoolPatch& r) {
  bring_patch(r, 0.0F);
  pool_patch<false>(r, [](Vec a, Vec b) { return a + b; });
}

}  // namespace
}  // namespace bolide::BOLIDE_ISA_NS
