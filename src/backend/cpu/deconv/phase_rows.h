/// The rows of one stride phase of a transposed convolution, read in place.
#pragma once

#include "backend/cpu/deconv/phases.h"
#include "backend/cpu/gemm/tiles.h"

namespace bolide::cpu {

/// Byte offsets of the phase's taps from the pixel of `i` = 0, and when all of them are inside the image.
struct PhaseTaps {
  std::vector<std::int64_t> offsets;  ///< 0 for a tap that is never inside
  std::array<std::int64_t, 3> low = {0, 0, 0};
  std::array<std::int64_t, 3> high = {0, 0, 0};  ///< inside for every tap of a dim where low <= i < high
};
PhaseTaps phase_taps(const ConvGeometry& geometry, const PixelPhase& phase);

/// Pointers to input pixels under each tap of the phase; those outside the image are `zeros`. Rows are the phase's
/// pixels, flattened. Built for one run; what it is given outlives it.
class PhaseRows final : public RowSource {
 public:
  PhaseRows(const ConvGeometry& geometry, const PixelPhase& phase, const PhaseTaps& taps, const std::byte* x,
            const std::byte* zeros)
      : geometry_(geometry), phase_(phase), taps_(taps), x_(x), zeros_(zeros) {}

  void fill(std::int64_t first, int count, const std::byte** out) const override;

 private:
  void fill_border(const std::array<std::int64_t, 3>& at, std::int64_t offset, int count, const std::byte** out) const;

  const ConvGeometry& geometry_;
  const PixelPhase& phase_;
  const PhaseTaps& taps_;
  const std::byte* x_;
  const std::byte* zeros_;
};

}  // namespace bolide::cpu
