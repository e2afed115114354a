/// f32 convolution that first copies the input rows under a few output rows into a dense, padded, channels-last strip.
/// For inputs that cannot be read in place (images with planes of channels) or whose pixels are short: in the strip the
/// taps of one kernel row are one contiguous piece, so that 7 taps of 3 channels are read as 21 floats.
///
/// Needs     one group; y with contiguous channels, x with any strides; constant weights
/// Packed    the weights in panels of the tile's width
/// Numerics  as cpu.conv.f32.rows; padding adds products with 0
#include "backend/cpu/conv/tactics.h"
#include "backend/cpu/gemm/tiles.h"

namespace bolide {

namespace {

/// Sizes of a strip in floats.
struct Strip {
  std::int64_t out_rows = 1;  ///< output rows it serves
  std::int64_t in_rows = 1;   ///< input rows of one depth tap
  std::int64_t pixels = 1;    ///< of an input row, padding included
  std::int64_t channels = 1;

  std::int64_t row_floats() const { return pixels * channels; }
  std::int64_t floats(std::int64_t depth_taps) const { return depth_taps * in_rows * row_floats(); }
};

std::int64_t strip_rows(const WindowAxis& axis, std::int64_t out_rows) {
  return (out_rows - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}

Strip choose_strip(const ConvGeometry& geometry, std::int64_t l2_bytes) {
  const std::array<WindowAxis, 3>& axes = geometry.axes;
  Strip strip;
  strip.channels = geometry.group_in;
  strip.pixels = strip_rows(axes[2], std::max<std::int64_t>(1, axes[2].out));
  const std::int64_t budget = l2_bytes / 4 / 4;
  strip.in_rows = strip_rows(axes[1], 1);
  while (strip.out_rows < std::min<std::int64_t>(axes[1].out, 16)) {
    Strip more = strip;
    more.in_rows = strip_rows(axes[1], ++more.out_rows);
    if (more.floats(axes[0].kernel) > budget) break;
    strip = more;
  }
  return strip;
}

/// Pixels of the strip by row pointers.
class StripRows final : public RowSource {
 public:
  StripRows(const ConvGeometry& geometry, const Strip& strip, std::span<const std::int64_t> piece_offsets,
            const float* data)
      : geometry_(geometry), strip_(strip), piece_offsets_(piece_offsets), data_(data) {}

  void fill(std::int64_t first, int count, const std::byte** out) const override {
    const WindowAxis& across = geometry_.axes[2];
    std::int64_t row = first / across.out;
    std::int64_t column = first % across.out;
    for (int r = 0; r < count; ++r) {
      const float* at =
          data_ + row * geometry_.axes[1].stride * strip_.row_floats() + column * across.stride * strip_.channels;
      for (std::size_t t = 0; t < piece_offsets_.size(); ++t) {
        out[t * static_cast<std::size_t>(count) + static_cast<std::size_t>(r)] =
            reinterpret_cast<const std::byte*>(at + piece_offsets_[t]);
      }
      if (++column == across.out) {
        column = 0;
        ++row;
      }
    }
  }

 private:
  const ConvGeometry& geometry_;
  const Strip& strip_;
  std::span<const std::int64_t> piece_offsets_;
  const float* data_;
};

class ConvStripKernel final : public Kernel {
 public:
  ConvStripKernel(const Problem& problem, const ConvGeometry& geometry, GemmEpilogue epilogue, const CpuTarget& target,
                  const GemmKernels& kernels)
      : geometry_(geometry),
        epilogue_(std::move(epilogue)),
        has_bias_(conv_has_bias(problem)),
        strip_(choose_strip(geometry, target.l2_bytes)) {
    const std::array<WindowAxis, 3>& axes = geometry.axes;
    const bool joined = axes[2].dilation == 1;
    plan_.kernels = &kernels;
    plan_.epilogue = &epilogue_;
    plan_.taps = axes[0].kernel * axes[1].kernel * (joined ? 1 : axes[2].kernel);
    plan_.k = geometry.group_in * (joined ? axes[2].kernel : 1);
    plan_.columns = geometry.group_out;
    plan_.choose_blocking(target, strip_.out_rows * geometry.width());
    grid_ = conv_grid(geometry, kernels, target, std::max(1, problem.threads));
    if (problem.threads > 1) {  // whole strips, so that rows are not copied twice, unless threads would idle
      const std::int64_t share = std::max<std::int64_t>(1, grid_.rows / (std::int64_t{problem.threads} * 2));
      grid_.row_grain = std::max(grid_.row_grain, std::min(strip_.out_rows, share));
    }
    for (std::int64_t kd = 0; kd < axes[0].kernel; ++kd) {
      for (std::int64_t kh = 0; kh < axes[1].kernel; ++kh) {
        for (std::int64_t kw = 0; kw < (joined ? 1 : axes[2].kernel); ++kw) {
          piece_offsets_.push_back((kd * strip_.in_rows + kh * axes[1].dilation) * strip_.row_floats() +
                                   kw * axes[2].dilation * strip_.channels);
        }
      }
    }
  }

  Grid grid(int) const override { return grid_; }
  std::size_t scratch_bytes() const override { return strip_bytes() + plan_.scratch_bytes(); }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    auto* data = reinterpret_cast<float*>(buffers.scratch);
    TileBuffers call;
    call.panels = reinterpret_cast<const float*>(buffers.packed);
    call.bias = has_bias_ ? static_cast<const float*>(buffers.inputs[2]) : nullptr;
    call.epilogue = {buffers.inputs, static_cast<std::byte*>(buffers.outputs[0]), nullptr};
    call.scratch = buffers.scratch + strip_bytes();
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    const std::array<WindowAxis, 3>& axes = geometry_.axes;
    for (std::int64_t row = rows.begin; row < rows.end;) {
      const std::int64_t h = row % axes[1].out;
      const std::int64_t count = std::min({strip_.out_rows, axes[1].out - h, rows.end - row});
      const std::int64_t slice = row / axes[1].out;
      copy_strip(x + slice / axes[0].out * geometry_.x_batch, slice % axes[0].out, h, count, data);
      const StripRows source(geometry_, strip_, piece_offsets_, data);
      call.first_row = row * geometry_.width();
      run_tiles(plan_, source, call, {0, count * geometry_.width()}, channels);
      row += count;
    }
    return ok();
  }

 private:
  std::size_t strip_bytes() const {
    return static_cast<std::size_t>((strip_.floats(geometry_.axes[0].kernel) * 4 + 63) / 64 * 64);
  }

  /// The input under `count` output rows from h on, at output depth d.
  void copy_strip(const std::byte* image, std::int64_t d, std::int64_t h, std::int64_t count, float* out) const {
    const std::array<WindowAxis, 3>& axes = geometry_.axes;
    const std::int64_t in_rows = strip_rows(axes[1], count);
    for (std::int64_t kd = 0; kd < axes[0].kernel; ++kd) {
      const std::int64_t z = d * axes[0].stride - axes[0].before + kd * axes[0].dilation;
      for (std::int64_t i = 0; i < in_rows; ++i) {
        const std::int64_t y = h * axes[1].stride - axes[1].before + i;
        float* row = out + (kd * strip_.in_rows + i) * strip_.row_floats();
        if (z < 0 || z >= axes[0].in || y < 0 || y >= axes[1].in) {
          std::fill_n(row, strip_.row_floats(), 0.0F);
        } else {
          copy_row(image + z * geometry_.x_axis[0] + y * geometry_.x_axis[1], row);
        }
      }
    }
  }

  void copy_row(const std::byte* from, float* out) const {
    const WindowAxis& axis = geometry_.axes[2];
    const std::int64_t channels = strip_.channels;
    const std::int64_t before = std::min(axis.before, strip_.pixels);
    const std::int64_t valid = std::max<std::int64_t>(0, std::min(axis.in, strip_.pixels - before));
    std::fill_n(out, before * channels, 0.0F);
    float* inner = out + before * channels;
    const std::int64_t step = geometry_.x_axis[2];
    if ((channels == 1 || geometry_.x_channel == 4) && step == channels * 4) {
      std::copy_n(reinterpret_cast<const float*>(from), valid * channels, inner);
    } else {
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::byte* at = from + c * geometry_.x_channel;
        for (std::int64_t w = 0; w < valid; ++w, at += step) {
          inner[w * channels + c] = *reinterpret_cast<const float*>(at);
        }
      }
    }
    std::fill(inner + valid * channels, out + strip_.row_floats(), 0.0F);
  }

  ConvGeometry geometry_;
  GemmEpilogue epilogue_;
  bool has_bias_;
  Strip strip_;
  TilePlan plan_;
  Grid grid_;
  std::vector<std::int64_t> piece_offsets_;
};

class ConvStripF32 final : public Tactic {
 public:
  constexpr ConvStripF32() : Tactic("cpu.conv.f32.strip", 1) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const auto geometry = conv_geometry(problem, DataType::kF32);
    if (!geometry) return reject(geometry.error().message);
    if (geometry->groups != 1) return reject(geometry->groups, " groups; the strip form takes one");
    const Strip strip = choose_strip(*geometry, cpu_target(target).l2_bytes);
    const std::int64_t bytes = strip.floats(geometry->axes[0].kernel) * 4;
    if (bytes > kMaxStripBytes) return reject("the input rows under one output row take ", bytes, " bytes");
    return check_f32_conv(problem, target);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const ConvGeometry geometry = *conv_geometry(problem, DataType::kF32);
    const double copied = static_cast<double>(problem.inputs[0].count());
    const double copy_us = copied * 1e-3 / cpu_target(target).threads * (geometry.group_in > 8 ? 2.0 : 1.0);
    return estimate_conv_us(problem, geometry, cpu_target(target), 0.85) + copy_us;
  }
  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    const ConvGeometry geometry = *conv_geometry(problem, DataType::kF32);
    return static_cast<std::size_t>(group_panel_floats(geometry, kernel_table(cpu_target(target).isa).gemm->columns) *
                                    4);
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    TRY(const ConvGeometry geometry, conv_geometry(problem, DataType::kF32));
    pack_conv_panels(geometry, problem.inputs[1].constant->span<float>().data(),
                     kernel_table(cpu_target(target).isa).gemm->columns, reinterpret_cast<float*>(out.data()));
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
    return std::unique_ptr<Kernel>(new ConvStripKernel(problem, geometry, std::move(epilogue), cpu, *table.gemm));
  }

 private:
  static constexpr std::int64_t kMaxStripBytes = 64 << 20;
};

constexpr ConvStripF32 kTactic;

}  // namespace

const Tactic& conv_strip_f32() { return kTactic; }

}  // namespace bolide
