/// The rows of a convolution that reads its input in place.
#pragma once

#include "backend/cpu/conv/geometry.h"
#include "backend/cpu/gemm/tiles.h"

namespace bolide {

/// Byte offsets of the taps from a window's first pixel.
std::vector<std::int64_t> tap_offsets(const ConvGeometry& geometry);

/// Pointers to input pixels under each tap; pixels in the padding are `zeros`. Built for one run; what it is given
/// outlives it.
class PixelRows final : public RowSource {
 public:
  PixelRows(const ConvGeometry& geometry, std::span<const std::int64_t> tap_offsets, const std::byte* x,
            const std::byte* zeros)
      : geometry_(geometry), tap_offsets_(tap_offsets), x_(x), zeros_(zeros) {}

  void fill(std::int64_t first, int count, const std::byte** out) const override;

 private:
  void fill_border(const std::array<std::int64_t, 3>& start, std::int64_t offset, int count,
                   const std::byte** out) const;

  const ConvGeometry& geometry_;
  std::span<const std::int64_t> tap_offsets_;
  const std::byte* x_;
  const std::byte* zeros_;
};

}  // namespace bolide
