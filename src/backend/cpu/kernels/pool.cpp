#include "backend/cpu/kernels/pool.h"

#include "backend/cpu/kernels/pool_patch.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

I64 smaller(I64 a, I64 b) { return a < b ? a : b; }

/// Kernel columns [begin, end) of a window that starts at `start` and must stay in [0, width).
struct Taps {
  I64 begin;
  I64 end;
};
Taps taps_inside(const PoolRow& r, I64 start, I64 width) {
  const I64 begin = start >= 0 ? 0 : smaller(r.kernel_width, (-start + r.dilation - 1) / r.dilation);
  const I64 end = width > start ? smaller(r.kernel_width, (width - start - 1) / r.dilation + 1) : 0;
  return {begin, end > begin ? end : begin};
}
/// 1 / the number of taps that the average of column p counts; 0 for none.
float factor(const PoolRow& r, I64 p) {
  const I64 start = p * r.stride - r.before;
  I64 columns = 0;
  if (r.counts_padding) {
    const I64 room = r.in_width + r.after - start;
    columns = room > 0 ? smaller(r.kernel_width, (room - 1) / r.dilation + 1) : 0;
  } else {
    const Taps taps = taps_inside(r, start, r.in_width);
    columns = taps.end - taps.begin;
  }
  const I64 count = columns * r.divisor;
  return count == 0 ? 0.0F : 1.0F / static_cast<float>(count);
}

Vec larger(Vec a, Vec b) { return select(is_nan(a), a, max(a, b)); }

template <bool kMax, int kV, bool kTail>
void pixel(const PoolRow& r, I64 p, I64 channel, Taps taps, Vec scale, I64 rest) {
  const auto get = [rest](const float* from) { return kTail ? load_n(from, rest) : load(from); };
  Vec sum[kV];
  for (int v = 0; v < kV; ++v) sum[v] = set1(kMax ? -__builtin_inff() : 0.0F);
  const float* base = static_cast<const float*>(r.x) + (p * r.stride - r.before) * r.x_column + channel;
  for (I64 d = 0; d < r.planes; ++d) {
    for (I64 y = 0; y < r.rows; ++y) {
      const float* row = base + d * r.x_plane + y * r.x_row;
      for (I64 k = taps.begin; k < taps.end; ++k) {
        const float* x = row + k * r.dilation * r.x_column;
        for (int v = 0; v < kV; ++v) {
          const Vec value = get(x + v * kLanes);
          sum[v] = kMax ? larger(sum[v], value) : sum[v] + value;
        }
      }
    }
  }
  float* to = static_cast<float*>(r.out) + p * r.out_column + channel;
  for (int v = 0; v < kV; ++v) {
    const Vec value = kMax ? sum[v] : sum[v] * scale;
    if constexpr (kTail) {
      store_n(to + v * kLanes, value, rest);
    } else {
      store(to + v * kLanes, value);
    }
  }
}

template <bool kMax>
void row_f32(const PoolRow& r) {
  for (I64 p = 0; p < r.out_width; ++p) {
    const Taps taps = taps_inside(r, p * r.stride - r.before, r.in_width);
    const Vec scale = kMax ? zero() : set1(factor(r, p));
    I64 c = 0;
    for (; c + 4 * kLanes <= r.channels; c += 4 * kLanes) pixel<kMax, 4, false>(r, p, c, taps, scale, 0);
    for (; c + kLanes <= r.channels; c += kLanes) pixel<kMax, 1, false>(r, p, c, taps, scale, 0);
    if (c < r.channels) pixel<kMax, 1, true>(r, p, c, taps, scale, r.channels - c);
  }
}

template <class T>
void row_bytes(const PoolRow& r) {
  constexpr T kLowest = static_cast<T>(static_cast<T>(-1) < T{0} ? -128 : 0);
  for (I64 p = 0; p < r.out_width; ++p) {
    const I64 start = p * r.stride - r.before;
    const Taps taps = taps_inside(r, start, r.in_width);
    T* to = static_cast<T*>(r.out) + p * r.out_column;
    for (I64 begin = 0; begin < r.channels; begin += 256) {
      const I64 count = smaller(256, r.channels - begin);
      T best[256];
      for (I64 c = 0; c < count; ++c) best[c] = kLowest;
      for (I64 d = 0; d < r.planes; ++d) {
        for (I64 y = 0; y < r.rows; ++y) {
          for (I64 k = taps.begin; k < taps.end; ++k) {
            const T* x = static_cast<const T*>(r.x) + d * r.x_plane + y * r.x_row +
                         (start + k * r.dilation) * r.x_column + begin;
            for (I64 c = 0; c < count; ++c) best[c] = x[c] > best[c] ? x[c] : best[c];
          }
        }
      }
      __builtin_memcpy(to + begin, best, static_cast<std::size_t>(count));
    }
  }
}

/// to[i] = the largest or the sum of the taps a of each x[i + a * apart], for i in [0, count); whole vectors are read.
template <bool kMax>
void slide(const float* x, I64 taps, I64 apart, float* to, I64 count) {
  for (I64 i = 0; i < count; i += kLanes) {
    Vec sum = load(x + i);
    for (I64 k = 1; k < taps; ++k) {
      const Vec value = load(x + i + k * apart);
      sum = kMax ? larger(sum, value) : sum + value;
    }
    if (count - i >= kLanes) {
      store(to + i, sum);
    } else {
      store_n(to + i, sum, count - i);
    }
  }
}

/// x[begin, end) = value and at most a vector more.
void fill(float* x, I64 begin, I64 end, float value) {
  for (I64 i = begin; i < end; i += kLanes) store(x + i, set1(value));
}

/// Every `step`th of x; kStep, where it is not 0, is the step.
template <int kStep>
void pick(const float* x, I64 step, float* to, I64 count) {
  for (I64 i = 0; i < count; ++i) to[i] = x[i * (kStep != 0 ? kStep : step)];
}

/// The largest or the sum down the rows and planes, for the input columns x[0, count) in a row; whole vectors are
/// written.
template <bool kMax>
void down(const PoolRow& r, const float* x, float* to, I64 count) {
  for (I64 i = 0; i < count; i += kLanes) {
    const I64 rest = count - i < kLanes ? count - i : kLanes;
    Vec sum = set1(kMax ? -__builtin_inff() : 0.0F);
    for (I64 d = 0; d < r.planes; ++d) {
      const float* from = x + d * r.x_plane + i;
      for (I64 y = 0; y < r.rows; ++y, from += r.x_row) {
        const Vec value = rest == kLanes ? load(from) : load_n(from, rest);
        sum = kMax ? larger(sum, value) : sum + value;
      }
    }
    store(to + i, sum);
  }
}
template <bool kMax>
void down_apart(const PoolRow& r, const float* x, float* to, I64 count) {
  for (I64 i = 0; i < count; ++i) {
    float sum = kMax ? -__builtin_inff() : 0.0F;
    for (I64 d = 0; d < r.planes; ++d) {
      for (I64 y = 0; y < r.rows; ++y) {
        const float value = x[d * r.x_plane + y * r.x_row + i * r.x_column];
        sum = !kMax ? sum + value : sum != sum || sum > value ? sum : value;
      }
    }
    to[i] = sum;
  }
}

/// Pieces of the width: down the window's rows first, along them then, at every column, of which strides leave some.
template <bool kMax>
void row_planes(const PoolRow& r) {
  constexpr I64 kColumns = 1024;
  const I64 span = (r.kernel_width - 1) * r.dilation + 1;
  float columns[kColumns + 2 * kLanes];
  float sums[kColumns + 2 * kLanes];
  const float nothing = kMax ? -__builtin_inff() : 0.0F;
  const I64 piece = (kColumns - span) / r.stride + 1;
  for (I64 c = 0; c < r.channels; ++c) {
    const float* plane = static_cast<const float*>(r.x) + c * r.x_channel;
    float* out = static_cast<float*>(r.out) + c * r.out_channel;
    for (I64 first = 0; first < r.out_width; first += piece) {
      const I64 count = smaller(piece, r.out_width - first);
      const I64 at = first * r.stride - r.before;  // the input column of columns[0]
      const I64 dense = (count - 1) * r.stride + 1;
      const I64 all = dense + span - 1;
      const I64 begin = at >= 0 ? 0 : smaller(all, -at);
      const I64 inside = r.in_width > at ? smaller(all, r.in_width - at) : 0;
      const I64 end = inside > begin ? inside : begin;
      fill(columns, 0, begin, nothing);
      const float* x = plane + (at + begin) * r.x_column;
      if (r.x_column == 1) {
        down<kMax>(r, x, columns + begin, end - begin);
      } else {
        down_apart<kMax>(r, x, columns + begin, end - begin);
      }
      fill(columns, end, all + kLanes, nothing);
      if (kMax && r.stride == 1 && r.out_column == 1) {
        slide<kMax>(columns, r.kernel_width, r.dilation, out + first, count);
        continue;
      }
      slide<kMax>(columns, r.kernel_width, r.dilation, sums, dense);
      float* picked = sums;
      if (r.stride == 2) {
        picked = columns;
        pick<2>(sums, 2, picked, count);
      } else if (r.stride != 1) {
        picked = columns;
        pick<0>(sums, r.stride, picked, count);
      }
      if (!kMax) {
        const float divisor = static_cast<float>(r.divisor);
        for (I64 i = 0; i < count; ++i) {
          const float taps = r.taps[first + i] * divisor;
          picked[i] = taps == 0 ? 0.0F : picked[i] * (1.0F / taps);
        }
      }
      float* to = out + first * r.out_column;
      if (r.out_column == 1) {
        pick<1>(picked, 1, to, count);
      } else {
        for (I64 i = 0; i < count; ++i) to[i * r.out_column] = picked[i];
      }
    }
  }
}

}  // namespace

extern const PoolKernels kPool;
constexpr PoolKernels kPool = {row_f32<true>,
                               row_bytes<std::uint8_t>,
                               row_bytes<std::int8_t>,
                               row_f32<false>,
                               row_planes<true>,
                               row_planes<false>,
                               max_patch,
                               average_patch};

}  // namespace bolide::BOLIDE_ISA_NS
