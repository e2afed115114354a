#include "backend/cpu/kernels/pool.h"

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

/// One tap of the outputs [begin, end); kStep, where it is not 0, is the step.
template <bool kMax, int kStep>
void add_taps(float* sum, const float* x, I64 step, I64 begin, I64 end) {
  for (I64 i = begin; i < end; ++i) {
    const float value = x[i * (kStep != 0 ? kStep : step)];
    if (kMax) {
      sum[i] = sum[i] != sum[i] || sum[i] > value ? sum[i] : value;
    } else {
      sum[i] += value;
    }
  }
}

/// Column by column of the kernel, along pieces of the width.
template <bool kMax>
void row_planes(const PoolRow& r) {
  constexpr I64 kPiece = 256;
  for (I64 c = 0; c < r.channels; ++c) {
    const float* plane = static_cast<const float*>(r.x) + c * r.x_channel;
    float* to = static_cast<float*>(r.out) + c * r.out_channel;
    for (I64 first = 0; first < r.out_width; first += kPiece) {
      const I64 count = smaller(kPiece, r.out_width - first);
      float sum[kPiece];
      for (I64 i = 0; i < count; ++i) sum[i] = kMax ? -__builtin_inff() : 0.0F;
      for (I64 d = 0; d < r.planes; ++d) {
        for (I64 y = 0; y < r.rows; ++y) {
          const float* row = plane + d * r.x_plane + y * r.x_row;
          for (I64 k = 0; k < r.kernel_width; ++k) {
            const I64 at = first * r.stride - r.before + k * r.dilation;  // input column of the piece's first output
            const I64 begin = at >= 0 ? 0 : smaller(count, (-at + r.stride - 1) / r.stride);
            const I64 end = r.in_width > at ? smaller(count, (r.in_width - at - 1) / r.stride + 1) : 0;
            const I64 step = r.stride * r.x_column;
            const float* x = row + at * r.x_column;
            // Steps that the compiler knows become vector code.
            if (step == 1) {
              add_taps<kMax, 1>(sum, x, 1, begin, end);
            } else if (step == 2) {
              add_taps<kMax, 2>(sum, x, 2, begin, end);
            } else {
              add_taps<kMax, 0>(sum, x, step, begin, end);
            }
          }
        }
      }
      for (I64 i = 0; i < count; ++i) {
        to[(first + i) * r.out_column] = kMax ? sum[i] : sum[i] * factor(r, first + i);
      }
    }
  }
}

}  // namespace

extern const PoolKernels kPool;
constexpr PoolKernels kPool = {row_f32<true>,  row_bytes<std::uint8_t>, row_bytes<std::int8_t>,
                               row_f32<false>, row_planes<true>,        row_planes<false>};

}  // namespace bolide::BOLIDE_ISA_NS
