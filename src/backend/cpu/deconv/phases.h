/// A transposed convolution cut into stride phases, each an ordinary convolution of stride 1.
///
/// Tap t of a dim reaches output o where o + before - t * dilation is a multiple of the stride, so the outputs of one
/// residue of o + before are reached by the same taps, and for the output `first + i * stride` the tap reads the input
/// at base[t] + i.
#pragma once

#include "backend/cpu/conv/geometry.h"

namespace bolide::cpu {

/// The axes are those of the transposed operator: `in` is what it reads, `out` what it writes.
/// Errors: Unsupported when x and w are not both f32, or there are more than three spatial dims.
Result<ConvGeometry> deconv_geometry(const Problem& problem);

/// The taps that reach one residue a dim, in the order of the packed weights. Does not depend on the image size.
struct TapPhase {
  std::array<std::int64_t, 3> residue = {0, 0, 0};
  std::array<std::vector<std::int64_t>, 3> taps;  ///< of each dim, ascending, none empty
  std::int64_t first_tap = 0;                     ///< how many taps the phases before this one have

  std::int64_t count() const { return static_cast<std::int64_t>(taps[0].size() * taps[1].size() * taps[2].size()); }
};
std::vector<TapPhase> tap_phases(const ConvGeometry& geometry);

/// The output pixels of one residue a dim: `first + i * stride` for i in [0, count).
struct PixelPhase {
  std::array<std::int64_t, 3> first = {0, 0, 0};
  std::array<std::int64_t, 3> count = {0, 0, 0};
  std::array<std::vector<std::int64_t>, 3> bases;  ///< a tap of the phase; all empty when no tap reaches it
  std::int64_t first_tap = 0;                      ///< of its TapPhase

  std::int64_t taps() const { return static_cast<std::int64_t>(bases[0].size() * bases[1].size() * bases[2].size()); }
  std::int64_t pixels() const { return count[0] * count[1] * count[2]; }
};
/// How many pixel_phases gives; doubles do not overflow.
double pixel_phase_count(const ConvGeometry& geometry);
std::vector<PixelPhase> pixel_phases(const ConvGeometry& geometry);

/// How many of the output rows (batch x depth x height, flattened) before `row` are of the phase.
std::int64_t phase_rows_before(const ConvGeometry& geometry, const PixelPhase& phase, std::int64_t row);

}  // namespace bolide::cpu
