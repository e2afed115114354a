#include "backend/cpu/conv/pixel_rows.h"

namespace bolide {

std::vector<std::int64_t> tap_offsets(const ConvGeometry& geometry) {
  const std::array<WindowAxis, 3>& axes = geometry.axes;
  std::vector<std::int64_t> out;
  for (std::int64_t kd = 0; kd < axes[0].kernel; ++kd) {
    for (std::int64_t kh = 0; kh < axes[1].kernel; ++kh) {
      for (std::int64_t kw = 0; kw < axes[2].kernel; ++kw) {
        out.push_back(kd * axes[0].dilation * geometry.x_axis[0] + kh * axes[1].dilation * geometry.x_axis[1] +
                      kw * axes[2].dilation * geometry.x_axis[2]);
      }
    }
  }
  return out;
}

void PixelRows::fill(std::int64_t first, int count, const std::byte** out) const {
  const std::array<WindowAxis, 3>& axes = geometry_.axes;
  std::array<std::int64_t, 3> at;
  at[2] = first % axes[2].out;
  first /= axes[2].out;
  at[1] = first % axes[1].out;
  first /= axes[1].out;
  at[0] = first % axes[0].out;
  std::int64_t image = first / axes[0].out;
  for (int r = 0; r < count; ++r) {
    std::array<std::int64_t, 3> start;
    std::int64_t offset = image * geometry_.x_batch;
    bool inside = true;
    for (std::size_t d = 0; d < 3; ++d) {
      start[d] = at[d] * axes[d].stride - axes[d].before;
      inside = inside && start[d] >= 0 && start[d] + (axes[d].kernel - 1) * axes[d].dilation < axes[d].in;
      offset += start[d] * geometry_.x_axis[d];
    }
    if (inside) {
      const std::byte* pixel = x_ + offset;
      for (std::size_t t = 0; t < tap_offsets_.size(); ++t) {
        out[t * static_cast<std::size_t>(count) + static_cast<std::size_t>(r)] = pixel + tap_offsets_[t];
      }
    } else {
      fill_border(start, offset, count, out + r);
    }
    for (std::size_t d = 3; d-- > 0;) {
      if (++at[d] < axes[d].out) break;
      at[d] = 0;
      if (d == 0) ++image;
    }
  }
}

void PixelRows::fill_border(const std::array<std::int64_t, 3>& start, std::int64_t offset, int count,
                            const std::byte** out) const {
  const std::array<WindowAxis, 3>& axes = geometry_.axes;
  const auto outside = [&](std::size_t d, std::int64_t tap) {
    const std::int64_t i = start[d] + tap * axes[d].dilation;
    return i < 0 || i >= axes[d].in;
  };
  std::size_t t = 0;
  for (std::int64_t kd = 0; kd < axes[0].kernel; ++kd) {
    for (std::int64_t kh = 0; kh < axes[1].kernel; ++kh) {
      const bool row_outside = outside(0, kd) || outside(1, kh);
      for (std::int64_t kw = 0; kw < axes[2].kernel; ++kw, ++t, out += count) {
        *out = row_outside || outside(2, kw) ? zeros_ : x_ + (offset + tap_offsets_[t]);
      }
    }
  }
}

}  // namespace bolide
