/// Convolution that first copies the input rows under a few output rows into a dense, padded, channels-last strip.
/// For inputs that cannot be read in place (images with planes of channels) or whose pixels are short: in the strip the
/// taps of one kernel row are one contiguous piece, so that 7 taps of 3 channels are read as 21 floats.
///
/// Needs     one group; y with contiguous channels, x with any strides; constant weights
/// Packed    PackedConv
/// Numerics  as of the form that reads in place; padding adds products with 0, or x_zero for integers
#include "backend/cpu/conv/core.h"
#include "backend/cpu/conv/tactics.h"

namespace bolide {

namespace {

constexpr std::int64_t kMaxStripBytes = 64 << 20;

/// Sizes of a strip in elements.
struct Strip {
  std::int64_t out_rows = 1;  ///< output rows it serves
  std::int64_t in_rows = 1;   ///< input rows of one depth tap
  std::int64_t pixels = 1;    ///< of an input row, padding included
  std::int64_t channels = 1;  ///< of the input, padded to what one lane of the integer tile adds

  std::int64_t row_elements() const { return pixels * channels; }
  std::int64_t elements(std::int64_t depth_taps) const { return depth_taps * in_rows * row_elements(); }
};

std::int64_t strip_rows(const WindowAxis& axis, std::int64_t out_rows) {
  return (out_rows - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}

Strip choose_strip(const ConvGeometry& geometry, const GemmKernels& kernels, std::int64_t l2_bytes) {
  const std::array<WindowAxis, 3>& axes = geometry.axes;
  Strip strip;
  const std::int64_t group = geometry.integer ? kernels.i8_group : 1;
  strip.channels = (geometry.group_in + group - 1) / group * group;
  strip.pixels = strip_rows(axes[2], std::max<std::int64_t>(1, axes[2].out));
  const std::int64_t budget = l2_bytes / 4 / geometry.element_bytes;
  strip.in_rows = strip_rows(axes[1], 1);
  while (strip.out_rows < std::min<std::int64_t>(axes[1].out, 16)) {
    Strip more = strip;
    more.in_rows = strip_rows(axes[1], ++more.out_rows);
    if (more.elements(axes[0].kernel) > budget) break;
    strip = more;
  }
  return strip;
}

/// Pixels of the strip by row pointers.
class StripRows final : public RowSource {
 public:
  StripRows(const ConvGeometry& geometry, const Strip& strip, std::span<const std::int64_t> piece_offsets,
            const std::byte* data)
      : geometry_(geometry), strip_(strip), piece_offsets_(piece_offsets), data_(data) {}

  void fill(std::int64_t first, int count, const std::byte** out) const override {
    const WindowAxis& across = geometry_.axes[2];
    std::int64_t row = first / across.out;
    std::int64_t column = first % across.out;
    for (int r = 0; r < count; ++r) {
      const std::int64_t pixel =
          row * geometry_.axes[1].stride * strip_.row_elements() + column * across.stride * strip_.channels;
      const std::byte* at = data_ + pixel * geometry_.element_bytes;
      for (std::size_t t = 0; t < piece_offsets_.size(); ++t) {
        out[t * static_cast<std::size_t>(count) + static_cast<std::size_t>(r)] = at + piece_offsets_[t];
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
  const std::byte* data_;
};

class ConvStripKernel final : public HostKernel {
 public:
  ConvStripKernel(ConvCore core, const CpuTarget& target, int threads)
      : core_(std::move(core)), strip_(choose_strip(core_.geometry(), core_.kernels(), target.l2_bytes)) {
    const ConvGeometry& geometry = core_.geometry();
    const std::array<WindowAxis, 3>& axes = geometry.axes;
    const bool joined = axes[2].dilation == 1;
    const std::int64_t across = joined ? 1 : axes[2].kernel;
    plan_ = core_.plan(target, axes[0].kernel * axes[1].kernel * across,
                       strip_.channels * (joined ? axes[2].kernel : 1), strip_.out_rows * geometry.width());
    grid_ = conv_grid(geometry, core_.kernels(), target, threads);
    if (threads > 1) {  // whole strips, so that rows are not copied twice, unless threads would idle
      const std::int64_t share = std::max<std::int64_t>(1, grid_.rows / (std::int64_t{threads} * 2));
      grid_.row_grain = std::max(grid_.row_grain, std::min(strip_.out_rows, share));
    }
    for (std::int64_t kd = 0; kd < axes[0].kernel; ++kd) {
      for (std::int64_t kh = 0; kh < axes[1].kernel; ++kh) {
        for (std::int64_t kw = 0; kw < across; ++kw) {
          const std::int64_t rows = kd * strip_.in_rows + kh * axes[1].dilation;
          piece_offsets_.push_back((rows * strip_.row_elements() + kw * axes[2].dilation * strip_.channels) *
                                   geometry.element_bytes);
        }
      }
    }
  }

  Grid grid(int) const override { return grid_; }
  std::size_t scratch_bytes() const override { return strip_bytes() + core_.scratch_bytes(plan_); }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const ConvGeometry& geometry = core_.geometry();
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    const std::array<WindowAxis, 3>& axes = geometry.axes;
    for (std::int64_t row = rows.begin; row < rows.end;) {
      const std::int64_t h = row % axes[1].out;
      const std::int64_t count = std::min({strip_.out_rows, axes[1].out - h, rows.end - row});
      const std::int64_t slice = row / axes[1].out;
      const std::byte* image = x + slice / axes[0].out * geometry.x_batch;
      if (geometry.integer) {
        copy_strip<std::uint8_t>(image, slice % axes[0].out, h, count, buffers);
      } else {
        copy_strip<float>(image, slice % axes[0].out, h, count, buffers);
      }
      const StripRows source(geometry, strip_, piece_offsets_, buffers.scratch);
      core_.multiply(plan_, source, 0, buffers, buffers.scratch + strip_bytes(), row * geometry.width(),
                     {0, count * geometry.width()}, channels);
      row += count;
    }
    return ok();
  }

 private:
  std::size_t strip_bytes() const {
    const ConvGeometry& geometry = core_.geometry();
    return static_cast<std::size_t>((strip_.elements(geometry.axes[0].kernel) * geometry.element_bytes + 63) / 64 * 64);
  }

  /// The input under `count` output rows from h on, at output depth d, into the scratch.
  template <class T>
  void copy_strip(const std::byte* image, std::int64_t d, std::int64_t h, std::int64_t count,
                  const KernelBuffers& buffers) const {
    const ConvGeometry& geometry = core_.geometry();
    const std::array<WindowAxis, 3>& axes = geometry.axes;
    const T zero = *reinterpret_cast<const T*>(buffers.packed);
    const std::int64_t in_rows = strip_rows(axes[1], count);
    for (std::int64_t kd = 0; kd < axes[0].kernel; ++kd) {
      const std::int64_t z = d * axes[0].stride - axes[0].before + kd * axes[0].dilation;
      for (std::int64_t i = 0; i < in_rows; ++i) {
        const std::int64_t y = h * axes[1].stride - axes[1].before + i;
        T* row = reinterpret_cast<T*>(buffers.scratch) + (kd * strip_.in_rows + i) * strip_.row_elements();
        if (z < 0 || z >= axes[0].in || y < 0 || y >= axes[1].in) {
          std::fill_n(row, strip_.row_elements(), zero);
        } else {
          copy_row(image + z * geometry.x_axis[0] + y * geometry.x_axis[1], row, zero);
        }
      }
    }
  }

  template <class T>
  void copy_row(const std::byte* from, T* out, T zero) const {
    const ConvGeometry& geometry = core_.geometry();
    const WindowAxis& axis = geometry.axes[2];
    const std::int64_t channels = strip_.channels;
    const std::int64_t before = std::min(axis.before, strip_.pixels);
    const std::int64_t valid = std::max<std::int64_t>(0, std::min(axis.in, strip_.pixels - before));
    std::fill_n(out, before * channels, zero);
    T* inner = out + before * channels;
    const std::int64_t step = geometry.x_axis[2];
    constexpr auto kBytes = static_cast<std::int64_t>(sizeof(T));
    const bool dense = geometry.x_channel == kBytes && step == channels * kBytes;
    if (geometry.group_in == channels && (dense || (channels == 1 && step == kBytes))) {
      std::copy_n(reinterpret_cast<const T*>(from), valid * channels, inner);
    } else {
      if (geometry.group_in < channels) std::fill_n(inner, valid * channels, T{0});
      for (std::int64_t c = 0; c < geometry.group_in; ++c) {
        const std::byte* at = from + c * geometry.x_channel;
        for (std::int64_t w = 0; w < valid; ++w, at += step) inner[w * channels + c] = *reinterpret_cast<const T*>(at);
      }
    }
    std::fill(inner + valid * channels, out + strip_.row_elements(), zero);
  }

  ConvCore core_;
  Strip strip_;
  TilePlan plan_;
  Grid grid_;
  std::vector<std::int64_t> piece_offsets_;
};

}  // namespace

Verdict check_conv_strip(const ConvGeometry& geometry, const CpuTarget& target) {
  if (geometry.groups != 1) return reject(geometry.groups, " groups; the strip form takes one");
  const std::int64_t bytes =
      choose_strip(geometry, *kernel_table(target.isa).gemm, target.l2_bytes).elements(geometry.axes[0].kernel) *
      geometry.element_bytes;
  if (bytes > kMaxStripBytes) return reject("the input rows under one output row take ", bytes, " bytes");
  return accept();
}

Result<std::unique_ptr<Kernel>> bind_conv_strip(ConvCore core, const CpuTarget& target, int threads) {
  return std::unique_ptr<Kernel>(new ConvStripKernel(std::move(core), target, threads));
}

}  // namespace bolide
