/// Convolution over channels-last data: every tap of every output pixel is one row of contiguous channels, read in
/// place through a pointer; pixels in the padding point to zeros.
///
/// Needs     x and y with contiguous channels, any other strides; constant weights
/// Packed    PackedConv
/// Numerics  f32: products of one result added in the order of (tap, channel), on FMA where the ISA has it:
///           |error| <= (taps * channels + 2) * 2^-24 * (|bias| + sum |x * w|). Integers: exact sums.
#include "backend/cpu/conv/core.h"
#include "backend/cpu/conv/pixel_rows.h"
#include "backend/cpu/conv/tactics.h"

namespace bolide {

namespace {

class ConvRowsKernel final : public HostKernel {
 public:
  ConvRowsKernel(ConvCore core, const CpuTarget& target, int threads)
      : core_(std::move(core)), tap_offsets_(tap_offsets(core_.geometry())) {
    const ConvGeometry& geometry = core_.geometry();
    plan_ = core_.plan(target, geometry.taps(), geometry.group_in, geometry.rows() * geometry.width() / threads);
    grid_ = conv_grid(geometry, core_.kernels(), target, threads);
  }

  Grid grid(int) const override { return grid_; }
  std::size_t scratch_bytes() const override { return core_.scratch_bytes(plan_); }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const ConvGeometry& geometry = core_.geometry();
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    const Range pixels = {rows.begin * geometry.width(), rows.end * geometry.width()};
    for (std::int64_t g = channels.begin / geometry.group_out; g * geometry.group_out < channels.end; ++g) {
      const PixelRows source(geometry, tap_offsets_, x + g * geometry.group_in * geometry.x_channel, buffers.packed);
      core_.multiply(plan_, source, g, buffers, buffers.scratch, 0, pixels, channels);
    }
    return ok();
  }

 private:
  ConvCore core_;
  std::vector<std::int64_t> tap_offsets_;
  TilePlan plan_;
  Grid grid_;
};

}  // namespace

Verdict check_conv_rows(const ConvGeometry& geometry, const CpuTarget&) {
  if (geometry.group_in > 1 && geometry.x_channel != geometry.element_bytes) {
    return reject("the input's channels are not contiguous");
  }
  return accept();
}

Result<std::unique_ptr<Kernel>> bind_conv_rows(ConvCore core, const CpuTarget& target, int threads) {
  return std::unique_ptr<Kernel>(new ConvRowsKernel(std::move(core), target, threads));
}

}  // namespace bolide
