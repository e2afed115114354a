#include "backend/cpu/deconv/phases.h"

#include "ops/conv_transpose.h"

#include <algorithm>
#include <map>

namespace bolide::cpu {

namespace {

std::int64_t modulo(std::int64_t a, std::int64_t b) { return (a % b + b) % b; }

/// Calls `visit` with every combination of one index below each size, the last one fastest.
template <class Visit>
void for_each_of(const std::array<std::size_t, 3>& sizes, const Visit& visit) {
  for (std::size_t a = 0; a < sizes[0]; ++a) {
    for (std::size_t b = 0; b < sizes[1]; ++b) {
      for (std::size_t c = 0; c < sizes[2]; ++c) visit(std::array<std::size_t, 3>{a, b, c});
    }
  }
}

std::size_t axis_phases(const WindowAxis& axis) {
  return static_cast<std::size_t>(std::max<std::int64_t>(0, std::min(axis.stride, axis.out)));
}

/// How many outputs of the phase of `first` are before `end`.
std::int64_t count_before(const WindowAxis& axis, std::int64_t first, std::int64_t end) {
  return end <= first ? 0 : (end - first - 1) / axis.stride + 1;
}

}  // namespace

Result<ConvGeometry> deconv_geometry(const Problem& problem) {
  const ConvTranspose& op = *problem.op->as<ConvTranspose>();
  const Operand& x = problem.inputs[0];
  const Operand& w = problem.inputs[1];
  if (x.dtype != DataType::kF32 || w.dtype != DataType::kF32) {
    return unsupported("x is ", x.dtype, " and w is ", w.dtype, "; needs f32");
  }
  const std::size_t spatial = x.dims.size() - 2;
  if (spatial > 3) return unsupported(spatial, " spatial dims; at most 3");
  if (w.count() == 0) return unsupported("empty weights ", w.dims);
  TRY(const std::vector<WindowAxis> axes,
      transposed_window_axes("ConvTranspose", op.window(), op.output_padding, std::span(w.dims).subspan(2),
                             std::span(x.dims).subspan(2)));
  ConvGeometry out;
  out.batch = x.dims[0];
  out.groups = op.groups;
  out.group_in = w.dims[0] / op.groups;
  out.group_out = w.dims[1];
  set_axes(out, x, axes);
  return out;
}

std::vector<TapPhase> tap_phases(const ConvGeometry& geometry) {
  using Class = std::pair<std::int64_t, std::vector<std::int64_t>>;
  std::array<std::vector<Class>, 3> classes;
  for (std::size_t d = 0; d < 3; ++d) {
    const WindowAxis& axis = geometry.axes[d];
    std::map<std::int64_t, std::vector<std::int64_t>> taps;
    for (std::int64_t t = 0; t < axis.kernel; ++t) taps[t * axis.dilation % axis.stride].push_back(t);
    classes[d].assign(taps.begin(), taps.end());
  }
  std::vector<TapPhase> out;
  std::int64_t taps = 0;
  for_each_of({classes[0].size(), classes[1].size(), classes[2].size()}, [&](const std::array<std::size_t, 3>& at) {
    TapPhase phase;
    for (std::size_t d = 0; d < 3; ++d) {
      phase.residue[d] = classes[d][at[d]].first;
      phase.taps[d] = classes[d][at[d]].second;
    }
    phase.first_tap = taps;
    taps += phase.count();
    out.push_back(std::move(phase));
  });
  return out;
}

double pixel_phase_count(const ConvGeometry& geometry) {
  double out = 1;
  for (const WindowAxis& axis : geometry.axes) out *= static_cast<double>(axis_phases(axis));
  return out;
}

std::vector<PixelPhase> pixel_phases(const ConvGeometry& geometry) {
  const std::array<WindowAxis, 3>& axes = geometry.axes;
  std::map<std::array<std::int64_t, 3>, TapPhase> by_residue;
  for (TapPhase& phase : tap_phases(geometry)) {
    const std::array<std::int64_t, 3> residue = phase.residue;
    by_residue.emplace(residue, std::move(phase));
  }
  std::vector<PixelPhase> out;
  for_each_of({axis_phases(axes[0]), axis_phases(axes[1]), axis_phases(axes[2])},
              [&](const std::array<std::size_t, 3>& at) {
                PixelPhase phase;
                std::array<std::int64_t, 3> residue;
                for (std::size_t d = 0; d < 3; ++d) {
                  phase.first[d] = static_cast<std::int64_t>(at[d]);
                  phase.count[d] = count_before(axes[d], phase.first[d], axes[d].out);
                  residue[d] = modulo(phase.first[d] + axes[d].before, axes[d].stride);
                }
                if (const auto found = by_residue.find(residue); found != by_residue.end()) {
                  phase.first_tap = found->second.first_tap;
                  for (std::size_t d = 0; d < 3; ++d) {
                    const std::int64_t from = phase.first[d] + axes[d].before;
                    for (const std::int64_t t : found->second.taps[d]) {
                      phase.bases[d].push_back((from - t * axes[d].dilation) / axes[d].stride);  // exact
                    }
                  }
                }
                out.push_back(std::move(phase));
              });
  return out;
}

std::int64_t phase_rows_before(const ConvGeometry& geometry, const PixelPhase& phase, std::int64_t row) {
  const WindowAxis& depth = geometry.axes[0];
  const WindowAxis& height = geometry.axes[1];
  const std::int64_t y = row % height.out;
  const std::int64_t z = row / height.out % depth.out;
  const std::int64_t image = row / height.out / depth.out;
  const bool plane = z >= phase.first[0] && (z - phase.first[0]) % depth.stride == 0;
  const std::int64_t planes = image * phase.count[0] + count_before(depth, phase.first[0], z);
  return planes * phase.count[1] + (plane ? count_before(height, phase.first[1], y) : 0);
}

}  // namespace bolide::cpu
