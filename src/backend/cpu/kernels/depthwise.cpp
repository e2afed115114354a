#include "backend/cpu/kernels/depthwise.h"

#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

#if defined(__AVX2__) && !defined(__AVX512F__)
constexpr int kPixels = 4;  // 16 registers
#else
constexpr int kPixels = 6;
#endif

I64 smaller(I64 a, I64 b) { return a < b ? a : b; }
I64 larger(I64 a, I64 b) { return a > b ? a : b; }

/// kP output columns from `column` on, kV vectors of channels from `channel` on (kTail: the last `rest` < kLanes
/// channels, kV = 1), kernel columns [kx_begin, kx_end), which all lie inside the image.
template <int kP, int kV, bool kTail>
void block(const DepthwiseRow& r, I64 column, I64 channel, I64 kx_begin, I64 kx_end, I64 rest) {
  const auto get = [rest](const float* p) { return kTail ? load_n(p, rest) : load(p); };
  Vec sum[kP][kV];
  for (int v = 0; v < kV; ++v) {
    const Vec start = r.bias != nullptr ? get(r.bias + channel + v * kLanes) : zero();
    for (int p = 0; p < kP; ++p) sum[p][v] = start;
  }
  const I64 step = r.stride * r.x_column;
  const I64 tap_step = r.dilation * r.x_column;
  const float* x_row = r.x + (column * r.stride - r.before + kx_begin * r.dilation) * r.x_column + channel;
  const float* w_row = r.w + kx_begin * r.w_tap + channel;
  for (I64 ky = 0; ky < r.kernel_rows; ++ky) {
    const float* x = x_row;
    const float* w = w_row;
    for (I64 kx = kx_begin; kx < kx_end; ++kx) {
      for (int v = 0; v < kV; ++v) {
        const Vec weight = get(w + v * kLanes);
        for (int p = 0; p < kP; ++p) sum[p][v] = fma(get(x + p * step + v * kLanes), weight, sum[p][v]);
      }
      x += tap_step;
      w += r.w_tap;
    }
    x_row += r.x_row;
    w_row += r.kernel_width * r.w_tap;
  }
  for (int p = 0; p < kP; ++p) {
    for (int v = 0; v < kV; ++v) {
      Vec value = sum[p][v];
      const I64 at = channel + v * kLanes;
      if (r.residual != nullptr) value = value + get(r.residual + (column + p) * r.residual_column + at);
      if (r.clamps) value = max(set1(r.low), min(set1(r.high), value));
      float* to = r.out + (column + p) * r.out_column + at;
      if constexpr (kTail) {
        store_n(to, value, rest);
      } else {
        store(to, value);
      }
    }
  }
}

/// All channels of kP columns.
template <int kP, int kWide>
void columns(const DepthwiseRow& r, I64 column, I64 kx_begin, I64 kx_end) {
  I64 c = 0;
  for (; c + kWide * kLanes <= r.channels; c += kWide * kLanes)
    block<kP, kWide, false>(r, column, c, kx_begin, kx_end, 0);
  for (; c + kLanes <= r.channels; c += kLanes) block<kP, 1, false>(r, column, c, kx_begin, kx_end, 0);
  if (c < r.channels) block<kP, 1, true>(r, column, c, kx_begin, kx_end, r.channels - c);
}

/// A column whose window may stick out.
void border(const DepthwiseRow& r, I64 column) {
  const I64 start = column * r.stride - r.before;  // of the window
  const I64 begin = start >= 0 ? 0 : (-start + r.dilation - 1) / r.dilation;
  const I64 end = r.in_width > start ? smaller(r.kernel_width, (r.in_width - start - 1) / r.dilation + 1) : 0;
  columns<1, 4>(r, column, smaller(begin, r.kernel_width), larger(smaller(begin, r.kernel_width), end));
}

void run_row(const DepthwiseRow& r) {
  // Columns in [first, last) have all their taps inside.
  const I64 reach = (r.kernel_width - 1) * r.dilation;
  const I64 first = smaller(r.out_width, (r.before + r.stride - 1) / r.stride);
  const I64 room = r.in_width - 1 - reach + r.before;  // the largest p * stride
  const I64 last = larger(first, room < 0 ? 0 : smaller(r.out_width, room / r.stride + 1));
  I64 p = 0;
  for (; p < first; ++p) border(r, p);
  for (; p + kPixels <= last; p += kPixels) columns<kPixels, 2>(r, p, 0, r.kernel_width);
  if (kPixels > 4 && p + 4 <= last) {
    columns<4, 2>(r, p, 0, r.kernel_width);
    p += 4;
  }
  if (p + 2 <= last) {
    columns<2, 2>(r, p, 0, r.kernel_width);
    p += 2;
  }
  for (; p < last; ++p) columns<1, 4>(r, p, 0, r.kernel_width);
  for (; p < r.out_width; ++p) border(r, p);
}

/// kV vectors from output i on; the last one may have fewer lanes.
template <int kV>
void run_vectors(const DepthwiseRun& r, I64 i) {
  Vec sum[kV];
  for (int v = 0; v < kV; ++v) sum[v] = set1(r.bias);
  for (I64 t = 0; t < r.taps; ++t) {
    const float* x = r.x + r.offset[t] + i;
    const Vec w = set1(r.w[t]);
    for (int v = 0; v < kV; ++v) sum[v] = fma(load(x + v * kLanes), w, sum[v]);
  }
  for (int v = 0; v < kV; ++v) {
    const Vec value = r.clamps ? max(set1(r.low), min(set1(r.high), sum[v])) : sum[v];
    const I64 rest = r.n - i - v * kLanes;
    if (rest >= kLanes) {
      store(r.out + i + v * kLanes, value);
    } else {
      store_n(r.out + i + v * kLanes, value, rest);
    }
  }
}

void run_taps(const DepthwiseRun& r) {
  I64 i = 0;
  for (; i + 3 * kLanes < r.n; i += 4 * kLanes) run_vectors<4>(r, i);
  for (; i + kLanes < r.n; i += 2 * kLanes) run_vectors<2>(r, i);
  for (; i < r.n; i += kLanes) run_vectors<1>(r, i);
}

}  // namespace

extern const DepthwiseKernels kDepthwise;
constexpr DepthwiseKernels kDepthwise = {run_row, run_taps};

}  // namespace bolide::BOLIDE_ISA_NS
