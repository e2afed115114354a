#include "backend/cpu/pool/tactics.h"

#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/pool/patch.h"
#include "backend/cpu/pool/work.h"

namespace bolide::cpu {
namespace {

class PoolKernel final : public HostKernel {
 public:
  /// `by_planes`: all rows of a channel before the next channel.
  PoolKernel(const PoolWork& work, PoolKernels::Row row, bool by_planes)
      : work_(work), row_(row), by_planes_(by_planes) {
    const auto& [depth, height, width] = work.axes;
    for (std::int64_t p = 0; p < depth.out; ++p) planes_.push_back(inside(depth, p, work.counts_padding));
    for (std::int64_t p = 0; p < height.out; ++p) lines_.push_back(inside(height, p, work.counts_padding));
    for (std::int64_t p = 0; by_planes && p < width.out; ++p) {
      taps_.push_back(static_cast<float>(inside(width, p, work.counts_padding).counted));
    }
  }

  Grid grid(int) const override {
    const std::int64_t rows = work_.batch * work_.axes[0].out * work_.axes[1].out;
    if (by_planes_) return {.rows = work_.channels, .channels = rows};
    return {.rows = rows, .channels = work_.channels, .channel_grain = std::min<std::int64_t>(64, work_.channels)};
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    if (by_planes_) {
      for (std::int64_t c = rows.begin; c < rows.end; ++c) run_rows(buffers, channels, {c, c + 1});
    } else {
      run_rows(buffers, rows, channels);
    }
    return ok();
  }

 private:
  void run_rows(const KernelBuffers& buffers, Range rows, Range channels) const {
    const auto& [depth, height, width] = work_.axes;
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    auto* y = static_cast<std::byte*>(buffers.outputs[0]);
    const auto& xs = work_.x_strides;
    const auto& ys = work_.out_strides;
    PoolRow row;
    row.x_plane = depth.dilation * xs[2];
    row.x_row = height.dilation * xs[3];
    row.x_column = xs[4];
    row.x_channel = xs[1];
    row.kernel_width = width.kernel;
    row.stride = width.stride;
    row.dilation = width.dilation;
    row.before = width.before;
    row.after = width.after;
    row.in_width = width.in;
    row.out_width = width.out;
    row.out_column = ys[4];
    row.out_channel = ys[1];
    row.channels = channels.end - channels.begin;
    row.counts_padding = work_.counts_padding;
    row.taps = taps_.data();
    for (std::int64_t r = rows.begin; r < rows.end; ++r) {
      const std::int64_t oh = r % height.out;
      const std::int64_t od = r / height.out % depth.out;
      const std::int64_t n = r / height.out / depth.out;
      const Inside& planes = planes_[static_cast<std::size_t>(od)];
      const Inside& lines = lines_[static_cast<std::size_t>(oh)];
      row.planes = planes.end - planes.begin;
      row.rows = lines.end - lines.begin;
      row.divisor = planes.counted * lines.counted;
      const std::int64_t id = od * depth.stride - depth.before + planes.begin * depth.dilation;
      const std::int64_t ih = oh * height.stride - height.before + lines.begin * height.dilation;
      const bool empty = row.planes == 0 || row.rows == 0;
      const std::int64_t from = n * xs[0] + channels.begin * xs[1] + (empty ? 0 : id * xs[2] + ih * xs[3]);
      const std::int64_t to = n * ys[0] + channels.begin * ys[1] + od * ys[2] + oh * ys[3];
      row.x = x + from * work_.element_bytes;
      row.out = y + to * work_.element_bytes;
      row_(row);
    }
  }

  PoolWork work_;
  PoolKernels::Row row_;
  bool by_planes_;
  std::vector<Inside> planes_;
  std::vector<Inside> lines_;
  std::vector<float> taps_;
};

double pool_estimate(const Problem& problem, const Target& target, double operations) {
  const double lanes = kernel_table(cpu_target(target).isa).lanes;
  const double count = static_cast<double>(problem.outputs[0].count());
  return estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)),
                     count * operations / lanes * 0.4e-3);
}

/// Needs     contiguous channels in and out; f32, MaxPool also u8 and i8
/// Numerics  the taps of a window in order, f32; averages multiply by the rounded inverse of the count
class PoolChannelsLast final : public Tactic {
 public:
  constexpr PoolChannelsLast() : Tactic("cpu.pool.channels_last", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<PoolWork> work = pool_work(problem);
    if (!work) return reject(work.error().message);
    const DataType dtype = problem.inputs[0].dtype;
    const bool bytes = dtype == DataType::kU8 || dtype == DataType::kI8;
    if (dtype != DataType::kF32 && !(work->max && bytes)) return reject("f32, or the largest of u8 or i8; got ", dtype);
    if (work->channels > 1 && (work->x_strides[1] != 1 || work->out_strides[1] != 1)) {
      return reject("channels stand ", work->x_strides[1], " and ", work->out_strides[1], " apart; needs 1");
    }
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Result<PoolWork> work = pool_work(problem);
    double taps = 1;
    for (std::size_t d = 0; work && d < 3; ++d) taps *= static_cast<double>(work->axes[d].kernel);
    return pool_estimate(problem, target, taps);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const PoolWork work, pool_work(problem));
    const PoolKernels& kernels = *kernel_table(cpu_target(target).isa).pool;
    const DataType dtype = problem.inputs[0].dtype;
    const PoolKernels::Row row = !work.max                ? kernels.average_f32
                                 : dtype == DataType::kU8 ? kernels.max_u8
                                 : dtype == DataType::kI8 ? kernels.max_i8
                                                          : kernels.max_f32;
    return std::unique_ptr<Kernel>(std::make_unique<PoolKernel>(work, row, false));
  }
};

/// Needs     f32, any strides, a window of at most 512 columns; runs along the width
/// Numerics  sums of the window's columns, then their sum, f32; averages as the channels-last form
/// Windows that step by 1 take several rows at a time.
class PoolPlanes final : public Tactic {
 public:
  constexpr PoolPlanes() : Tactic("cpu.pool.planes", 3) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<PoolWork> work = pool_work(problem);
    if (!work) return reject(work.error().message);
    if (problem.inputs[0].dtype != DataType::kF32) return reject("f32 only, got ", problem.inputs[0].dtype);
    const WindowAxis& width = work->axes[2];
    if (width.kernel > PoolKernels::kWidest || width.dilation > PoolKernels::kWidest ||
        width.stride > PoolKernels::kWidest || (width.kernel - 1) * width.dilation >= PoolKernels::kWidest) {
      return reject("a window of ", width.kernel, " columns ", width.dilation, " apart, by ", width.stride);
    }
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Result<PoolWork> work = pool_work(problem);
    if (!work) return 0;
    const auto& [depth, height, width] = work->axes;
    // At every column the rows of the window, then its columns; the columns that stay are picked one by one.
    const auto taps = static_cast<double>(depth.kernel * height.kernel + width.kernel);
    return pool_estimate(problem, target, taps * static_cast<double>(width.stride) + 4);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const PoolWork work, pool_work(problem));
    const PoolKernels& kernels = *kernel_table(cpu_target(target).isa).pool;
    if (takes_patches(work)) {
      return make_patch_kernel(work, work.max ? kernels.max_f32_patch : kernels.average_f32_patch);
    }
    return std::unique_ptr<Kernel>(
        std::make_unique<PoolKernel>(work, work.max ? kernels.max_f32_planes : kernels.average_f32_planes, true));
  }
};

constexpr PoolChannelsLast kChannelsLast;
constexpr PoolPlanes kPlanes;

}  // namespace

std::span<const Tactic* const> pool_tactics() {
  static constexpr std::array<const Tactic*, 2> kTactics = {&kChannelsLast, &kPlanes};
  return kTactics;
}

}  // namespace bolide::cpu
