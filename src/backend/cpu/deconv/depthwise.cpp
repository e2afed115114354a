#include "backend/cpu/deconv/kernel.h"
#include "backend/cpu/deconv/tactics.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/nest.h"
#include "ops/conv_transpose.h"

#include <algorithm>

namespace bolide::cpu {
namespace {

/// Strides in elements of batch, height and width.
using RowStrides = std::array<std::int64_t, 3>;
RowStrides row_strides(const Operand& operand, const Dims& result) {
  const Dims strides = broadcast_strides(operand.dims, operand.strides, result);
  return {strides[0], strides[2], strides.size() > 3 ? strides[3] : 0};
}

/// A phase in the terms of DepthwiseRow: the taps of a dim are taken from the last to the first, so that they read
/// ascending inputs, `step` apart.
struct RowPhase {
  PixelPhase pixels;
  std::array<std::int64_t, 3> lowest = {0, 0, 0};  ///< the input that the first pixel's last tap reads
  std::array<std::int64_t, 3> step = {1, 1, 1};
};
RowPhase row_phase(PixelPhase pixels) {
  RowPhase out;
  for (std::size_t d = 0; d < 3; ++d) {
    const std::vector<std::int64_t>& bases = pixels.bases[d];
    if (!bases.empty()) out.lowest[d] = bases.back();
    if (bases.size() > 1) out.step[d] = bases[0] - bases[1];
  }
  out.pixels = std::move(pixels);
  return out;
}

class DepthwiseDeconvKernel final : public HostKernel {
 public:
  DepthwiseDeconvKernel(ConvGeometry geometry, GemmEpilogue epilogue, const Problem& problem, const KernelTable& table)
      : geometry_(std::move(geometry)), epilogue_(std::move(epilogue)), table_(table) {
    const Operand& y = problem.outputs[0];
    has_bias_ = conv_has_bias(problem);
    y_ = row_strides(y, y.dims);
    if (const ResultOperand* residual = epilogue_.residual(); residual != nullptr) {
      residual_input_ = residual->index;
      residual_ = row_strides(problem.inputs[static_cast<std::size_t>(residual->index)], y.dims);
    }
    for (PixelPhase& pixels : pixel_phases(geometry_)) phases_.push_back(row_phase(std::move(pixels)));
    across_ = std::min(geometry_.axes[2].stride, geometry_.axes[2].out);
  }

  Grid grid(int) const override {
    const std::int64_t channels = geometry_.groups;
    return {.rows = geometry_.rows(), .channels = channels, .channel_grain = std::min<std::int64_t>(64, channels)};
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const WindowAxis& height = geometry_.axes[1];
    const WindowAxis& width = geometry_.axes[2];
    DepthwiseRow row;
    row.x_row = 0;
    row.x_column = geometry_.x_axis[2] / 4;
    row.w_tap = geometry_.groups;
    row.in_width = width.in;
    row.out_column = y_[2] * width.stride;
    row.residual_column = residual_[2] * width.stride;
    row.clamps = epilogue_.clamp();
    row.low = epilogue_.low();
    row.high = epilogue_.high();
    row.channels = channels.end - channels.begin;
    if (has_bias_) row.bias = static_cast<const float*>(buffers.inputs[2]) + channels.begin;
    const auto* x = static_cast<const float*>(buffers.inputs[0]) + channels.begin;
    const auto* w = reinterpret_cast<const float*>(buffers.packed) + channels.begin;
    auto* y = static_cast<float*>(buffers.outputs[0]) + channels.begin;
    const float* residual = nullptr;
    if (residual_input_ >= 0) residual = static_cast<const float*>(buffers.inputs[residual_input_]) + channels.begin;
    for (std::int64_t r = rows.begin; r < rows.end; ++r) {
      const std::int64_t image = r / height.out;
      const std::int64_t oh = r % height.out;
      const float* x_image = x + image * (geometry_.x_batch / 4);
      for (std::int64_t ow = 0; ow < across_; ++ow) {
        const RowPhase& phase = phases_[static_cast<std::size_t>(oh % height.stride * across_ + ow)];
        set_taps(phase, oh / height.stride, x_image, w, row);
        row.out_width = phase.pixels.count[2];
        row.out = y + image * y_[0] + oh * y_[1] + ow * y_[2];
        if (residual != nullptr) row.residual = residual + image * residual_[0] + oh * residual_[1] + ow * residual_[2];
        table_.depthwise->row(row);
      }
    }
    return ok();
  }

 private:
  /// The part of the phase's taps whose rows are inside the image, for its output row `i`.
  void set_taps(const RowPhase& phase, std::int64_t i, const float* x, const float* w, DepthwiseRow& row) const {
    row.kernel_rows = 0;
    row.kernel_width = 1;
    row.dilation = 1;
    row.before = 0;
    row.x = x;
    row.w = w;
    if (phase.pixels.taps() == 0) return;
    const auto rows = static_cast<std::int64_t>(phase.pixels.bases[1].size());
    const std::int64_t start = phase.lowest[1] + i;
    const std::int64_t step = phase.step[1];
    const std::int64_t in = geometry_.axes[1].in;
    const std::int64_t begin = std::min(rows, start >= 0 ? 0 : (-start + step - 1) / step);
    const std::int64_t end = in > start ? std::min(rows, (in - start - 1) / step + 1) : 0;
    if (end <= begin) return;
    row.kernel_rows = end - begin;
    row.kernel_width = static_cast<std::int64_t>(phase.pixels.bases[2].size());
    row.dilation = phase.step[2];
    row.before = -phase.lowest[2];
    row.x = x + (start + begin * step) * (geometry_.x_axis[1] / 4);
    row.x_row = step * (geometry_.x_axis[1] / 4);
    row.w = w + (phase.pixels.first_tap + begin * row.kernel_width) * row.w_tap;
  }

  ConvGeometry geometry_;
  GemmEpilogue epilogue_;
  const KernelTable& table_;
  std::vector<RowPhase> phases_;
  std::int64_t across_ = 1;  ///< phases of a row
  RowStrides y_{};
  RowStrides residual_{};
  int residual_input_ = -1;
  bool has_bias_ = false;
};

Result<GemmEpilogue> epilogue_of(const Problem& problem, const Target& target) {
  const Expr& expr = problem.op->as<ConvTranspose>()->epilogue;
  return GemmEpilogue::make(problem, expr, conv_result(problem), false, kernel_table(cpu_target(target).isa));
}

/// Needs     f32, channels that do not mix, channels-last x and y, at most two spatial dims, an epilogue of residual,
///           max and min at most
/// Packed    a TapPhase after the other, its taps from the last to the first: [tap][channel]
/// Numerics  the bias, then the taps in that order, fused where the ISA can
class DepthwiseDeconv final : public Tactic {
 public:
  constexpr DepthwiseDeconv() : Tactic("cpu.deconv.depthwise.f32", 2) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const auto geometry = deconv_geometry(problem);
    if (!geometry) return reject(geometry.error().message);
    if (geometry->group_in != 1 || geometry->group_out != 1) {
      return reject("groups of ", geometry->group_in, " channels to ", geometry->group_out);
    }
    if (problem.inputs[0].dims.size() > 4) return reject("three spatial dims");
    const Verdict verdict = check_deconv(problem, *geometry, kernel_table(cpu_target(target).isa));
    if (!verdict.accepted) return verdict;
    if (geometry->groups > 1 && geometry->x_channel != 4) return reject("the input's channels are not contiguous");
    const auto epilogue = epilogue_of(problem, target);
    if (!epilogue->on_tile() || epilogue->low() > epilogue->high())
      return reject("an epilogue that does not run in registers");
    return accept();
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    const ConvGeometry geometry = *deconv_geometry(problem);
    const CpuTarget& cpu = cpu_target(target);
    auto products = static_cast<double>(problem.outputs[0].count());
    for (const WindowAxis& axis : geometry.axes) {
      products *= static_cast<double>(axis.kernel) / static_cast<double>(axis.stride);
    }
    const double core_us = products / (kernel_table(cpu.isa).lanes * cpu.ghz * 1e3);
    return cpu::estimate_us(cpu, static_cast<double>(problem_bytes(problem)), core_us);
  }

  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    return static_cast<std::size_t>(problem.inputs[1].count()) * sizeof(float);
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> out) const override {
    TRY(const ConvGeometry geometry, deconv_geometry(problem));
    const float* w = problem.inputs[1].constant->span<float>().data();
    auto* to = reinterpret_cast<float*>(out.data());
    for (const TapPhase& phase : tap_phases(geometry)) {
      for (std::size_t h = phase.taps[1].size(); h-- > 0;) {
        for (std::size_t v = phase.taps[2].size(); v-- > 0;) {
          const float* tap = w + phase.taps[1][h] * geometry.axes[2].kernel + phase.taps[2][v];
          for (std::int64_t c = 0; c < geometry.groups; ++c) *to++ = tap[c * geometry.taps()];
        }
      }
    }
    return ok();
  }
  bool packs_input(const Problem&, int input) const override { return input == 1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(ConvGeometry geometry, deconv_geometry(problem));
    TRY(GemmEpilogue epilogue, epilogue_of(problem, target));
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    return std::unique_ptr<Kernel>(
        std::make_unique<DepthwiseDeconvKernel>(std::move(geometry), std::move(epilogue), problem, table));
  }
};

constexpr DepthwiseDeconv kTactic;

}  // namespace

const Tactic& depthwise_deconv() { return kTactic; }

}  // namespace bolide::cpu
