#include "backend/cpu/deconv/phase_rows.h"

#include <algorithm>

namespace bolide::cpu {

PhaseTaps phase_taps(const ConvGeometry& geometry, const PixelPhase& phase) {
  PhaseTaps out;
  std::array<std::vector<std::int64_t>, 3> offsets;
  for (std::size_t d = 0; d < 3; ++d) {
    const std::int64_t in = geometry.axes[d].in;
    out.high[d] = phase.count[d];
    for (const std::int64_t base : phase.bases[d]) {
      out.low[d] = std::max(out.low[d], -base);
      out.high[d] = std::min(out.high[d], in - base);
      const bool ever = base < in && base > -phase.count[d];
      offsets[d].push_back(ever ? base * geometry.x_axis[d] : 0);
    }
  }
  for (const std::int64_t depth : offsets[0]) {
    for (const std::int64_t height : offsets[1]) {
      for (const std::int64_t width : offsets[2]) out.offsets.push_back(depth + height + width);
    }
  }
  return out;
}

void PhaseRows::fill(std::int64_t first, int count, const std::byte** out) const {
  std::array<std::int64_t, 3> at;
  for (std::size_t d = 3; d-- > 0;) {
    at[d] = first % phase_.count[d];
    first /= phase_.count[d];
  }
  std::int64_t image = first;
  for (int r = 0; r < count; ++r) {
    std::int64_t offset = image * geometry_.x_batch;
    bool inside = true;
    for (std::size_t d = 0; d < 3; ++d) {
      inside = inside && at[d] >= taps_.low[d] && at[d] < taps_.high[d];
      offset += at[d] * geometry_.x_axis[d];
    }
    if (inside) {
      for (std::size_t t = 0; t < taps_.offsets.size(); ++t) {
        out[t * static_cast<std::size_t>(count) + static_cast<std::size_t>(r)] = x_ + (offset + taps_.offsets[t]);
      }
    } else {
      fill_border(at, offset, count, out + r);
    }
    for (std::size_t d = 3; d-- > 0;) {
      if (++at[d] < phase_.count[d]) break;
      at[d] = 0;
      if (d == 0) ++image;
    }
  }
}

void PhaseRows::fill_border(const std::array<std::int64_t, 3>& at, std::int64_t offset, int count,
                            const std::byte** out) const {
  const auto outside = [&](std::size_t d, std::int64_t base) {
    return base + at[d] < 0 || base + at[d] >= geometry_.axes[d].in;
  };
  std::size_t t = 0;
  for (const std::int64_t depth : phase_.bases[0]) {
    for (const std::int64_t height : phase_.bases[1]) {
      const bool row_outside = outside(0, depth) || outside(1, height);
      for (const std::int64_t width : phase_.bases[2]) {
        *out = row_outside || outside(2, width) ? zeros_ : x_ + (offset + taps_.offsets[t]);
        ++t;
        out += count;
      }
    }
  }
}

}  // namespace bolide::cpu
