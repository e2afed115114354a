/// f32 convolution over channels-last data: every tap of every output pixel is one row of contiguous channels, read in
/// place through a pointer; pixels in the padding point to zeros.
///
/// Needs     x and y with contiguous channels, any other strides; constant weights
/// Packed    a row of zeros, then the weights in panels of the tile's width, group by group
/// Numerics  f32, products of one result added in the order of (tap, channel), on FMA where the ISA has it:
///           |error| <= (taps * channels + 2) * 2^-24 * (|bias| + sum |x * w|)
#include "backend/cpu/conv/geometry.h"
#include "backend/cpu/conv/tactics.h"
#include "backend/cpu/gemm/tiles.h"

#include <cstring>

namespace bolide {

namespace {

std::int64_t zero_bytes(const ConvGeometry& geometry) {
  return (geometry.group_in * geometry.element_bytes + 63) / 64 * 64;
}

/// Pointers to input pixels. Built for one run.
class ConvRows final : public RowSource {
 public:
  ConvRows(const ConvGeometry& geometry, std::span<const std::int64_t> tap_offsets, const std::byte* x,
           const std::byte* zeros)
      : geometry_(geometry), tap_offsets_(tap_offsets), x_(x), zeros_(zeros) {}

  void fill(std::int64_t first, int count, const std::byte** out) const override {
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

 private:
  void fill_border(const std::array<std::int64_t, 3>& start, std::int64_t offset, int count,
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

  const ConvGeometry& geometry_;
  std::span<const std::int64_t> tap_offsets_;
  const std::byte* x_;
  const std::byte* zeros_;
};

class ConvRowsKernel final : public Kernel {
 public:
  ConvRowsKernel(const Problem& problem, const ConvGeometry& geometry, GemmEpilogue epilogue, const CpuTarget& target,
                 const GemmKernels& kernels)
      : geometry_(geometry), epilogue_(std::move(epilogue)), has_bias_(conv_has_bias(problem)) {
    const int threads = std::max(1, problem.threads);
    plan_.kernels = &kernels;
    plan_.epilogue = &epilogue_;
    plan_.taps = geometry.taps();
    plan_.k = geometry.group_in;
    plan_.columns = geometry.group_out;
    plan_.choose_blocking(target, geometry.rows() * geometry.width() / threads);
    grid_ = conv_grid(geometry, kernels, target, threads);
    for (std::int64_t kd = 0; kd < geometry.axes[0].kernel; ++kd) {
      for (std::int64_t kh = 0; kh < geometry.axes[1].kernel; ++kh) {
        for (std::int64_t kw = 0; kw < geometry.axes[2].kernel; ++kw) {
          tap_offsets_.push_back(kd * geometry.axes[0].dilation * geometry.x_axis[0] +
                                 kh * geometry.axes[1].dilation * geometry.x_axis[1] +
                                 kw * geometry.axes[2].dilation * geometry.x_axis[2]);
        }
      }
    }
  }

  Grid grid(int) const override { return grid_; }
  std::size_t scratch_bytes() const override { return plan_.scratch_bytes(); }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    TileBuffers call;
    call.epilogue = {buffers.inputs, static_cast<std::byte*>(buffers.outputs[0]), nullptr};
    call.scratch = buffers.scratch;
    const auto* panels = reinterpret_cast<const float*>(buffers.packed + zero_bytes(geometry_));
    const auto* bias = has_bias_ ? static_cast<const float*>(buffers.inputs[2]) : nullptr;
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    const Range pixels = {rows.begin * geometry_.width(), rows.end * geometry_.width()};
    for (std::int64_t g = channels.begin / geometry_.group_out; g * geometry_.group_out < channels.end; ++g) {
      call.first_column = g * geometry_.group_out;
      call.panels = panels + g * group_panel_floats(geometry_, plan_.kernels->columns);
      call.bias = bias != nullptr ? bias + call.first_column : nullptr;
      const ConvRows source(geometry_, tap_offsets_, x + g * geometry_.group_in * geometry_.element_bytes,
                            buffers.packed);
      run_tiles(plan_, source, call, pixels,
                {std::max<std::int64_t>(0, channels.begin - call.first_column),
                 std::min(geometry_.group_out, channels.end - call.first_column)});
    }
    return ok();
  }

 private:
  ConvGeometry geometry_;
  GemmEpilogue epilogue_;
  bool has_bias_;
  TilePlan plan_;
  Grid grid_;
  std::vector<std::int64_t> tap_offsets_;
};

class ConvRowsF32 final : public Tactic {
 public:
  constexpr ConvRowsF32() : Tactic("cpu.conv.f32.rows", 1) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const auto geometry = conv_geometry(problem, DataType::kF32);
    if (!geometry) return reject(geometry.error().message);
    if (geometry->group_in > 1 && geometry->x_channel != 4) return reject("the input's channels are not contiguous");
    return check_f32_conv(problem, target);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const ConvGeometry geometry = *conv_geometry(problem, DataType::kF32);
    return estimate_conv_us(problem, geometry, cpu_target(target), 0.85);
  }
  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    const ConvGeometry geometry = *conv_geometry(problem, DataType::kF32);
    const int width = kernel_table(cpu_target(target).isa).gemm->columns;
    return static_cast<std::size_t>(zero_bytes(geometry) + geometry.groups * group_panel_floats(geometry, width) * 4);
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    TRY(const ConvGeometry geometry, conv_geometry(problem, DataType::kF32));
    const std::int64_t zeros = zero_bytes(geometry);
    std::memset(out.data(), 0, static_cast<std::size_t>(zeros));
    pack_conv_panels(geometry, problem.inputs[1].constant->span<float>().data(),
                     kernel_table(cpu_target(target).isa).gemm->columns, reinterpret_cast<float*>(out.data() + zeros));
    return ok();
  }
  std::string pack_key(const Problem&, const Target& target) const override {
    return strings::join("columns=", kernel_table(cpu_target(target).isa).gemm->columns);
  }
  bool packs_input(const Problem&, int input) const override { return input == 1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const ConvGeometry geometry, conv_geometry(problem, DataType::kF32));
    const CpuTarget& cpu = cpu_target(target);
    const KernelTable& table = kernel_table(cpu.isa);
    TRY(GemmEpilogue epilogue,
        GemmEpilogue::make(problem, problem.op->as<Conv>()->epilogue, conv_result(problem), false, table));
    return std::unique_ptr<Kernel>(new ConvRowsKernel(problem, geometry, std::move(epilogue), cpu, *table.gemm));
  }
};

constexpr ConvRowsF32 kTactic;

}  // namespace

const Tactic& conv_rows_f32() { return kTactic; }

}  // namespace bolide
