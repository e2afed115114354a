#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/nest.h"
#include "backend/cpu/rows/tactics.h"
#include "ops/normalization.h"

#include <cmath>

namespace bolide::cpu {
namespace {

/// x and y as [batch, groups * group, space] with one stride each.
struct ChannelNormWork {
  std::int64_t batch = 1;
  std::int64_t groups = 1;
  std::int64_t group = 1;  ///< channels of a group
  std::int64_t space = 1;
  std::array<std::int64_t, 3> x{};  ///< strides of batch, channel, space
  std::array<std::int64_t, 3> y{};
  float epsilon = 0;
  bool channels_last = false;

  std::int64_t channels() const { return groups * group; }
};

Result<ChannelNormWork> channel_norm_work(const Problem& problem) {
  const auto* instance = problem.op->as<InstanceNormalization>();
  const auto* grouped = problem.op->as<GroupNormalization>();
  if (instance == nullptr && grouped == nullptr)
    return unsupported("neither InstanceNormalization nor GroupNormalization");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.count() == 0) return unsupported("no elements");
  for (const Operand& operand : problem.inputs) {
    if (operand.dtype != DataType::kF32) return unsupported("f32 only, got ", operand.dtype);
  }
  ChannelNormWork out;
  out.batch = x.dims[0];
  out.groups = instance != nullptr ? x.dims[1] : grouped->groups;
  out.group = x.dims[1] / out.groups;
  out.epsilon = instance != nullptr ? instance->epsilon : grouped->epsilon;
  for (std::size_t i = 1; i < 3; ++i) {
    if (problem.inputs[i].rank() != 1 || !problem.inputs[i].contiguous())
      return unsupported("scale and bias with gaps");
  }
  const std::array<Dims, 2> strides = {Dims(y.strides.begin() + 2, y.strides.end()),
                                       Dims(x.strides.begin() + 2, x.strides.end())};
  const Nest space = collapse(Dims(x.dims.begin() + 2, x.dims.end()), strides);
  if (space.rank() != 1) return unsupported("spatial dims that do not join into one");
  out.space = space.size(0);
  out.x = {x.strides[0], x.strides[1], space.stride(1, 0)};
  out.y = {y.strides[0], y.strides[1], space.stride(0, 0)};
  out.channels_last = out.x[1] == 1 && out.y[1] == 1;
  if (!out.channels_last && out.space > 1 && (out.x[2] != 1 || out.y[2] != 1)) {
    return unsupported("neither the channels nor the pixels are contiguous in x and y");
  }
  return out;
}

class ChannelNormKernel final : public HostKernel {
 public:
  ChannelNormKernel(const ChannelNormWork& work, const RowKernels& kernels) : work_(work), kernels_(kernels) {}

  Grid grid(int) const override {
    const std::int64_t least = work_.channels_last ? 32 : 1;
    const std::int64_t grain = (least + work_.group - 1) / work_.group * work_.group;
    return {.rows = work_.batch, .channels = work_.channels(), .channel_grain = std::min(grain, work_.channels())};
  }
  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(4 * work_.channels()) * sizeof(float); }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const std::int64_t count = channels.end - channels.begin;
    auto* const mean = reinterpret_cast<float*>(buffers.scratch);
    float* const square = mean + count;
    float* const factor = square + count;
    float* const offset = factor + count;
    const auto* scale = static_cast<const float*>(buffers.inputs[1]) + channels.begin;
    const auto* bias = static_cast<const float*>(buffers.inputs[2]) + channels.begin;
    for (std::int64_t n = rows.begin; n < rows.end; ++n) {
      const float* x = static_cast<const float*>(buffers.inputs[0]) + n * work_.x[0] + channels.begin * work_.x[1];
      float* y = static_cast<float*>(buffers.outputs[0]) + n * work_.y[0] + channels.begin * work_.y[1];
      reduce(RowReduction::kSum, x, count, nullptr, mean);
      spread(count, mean);
      reduce(RowReduction::kSumSquare, x, count, mean, square);
      spread(count, square);
      for (std::int64_t c = 0; c < count; ++c) {
        factor[c] = scale[c] / std::sqrt(square[c] + work_.epsilon);
        offset[c] = bias[c] - mean[c] * factor[c];
      }
      if (work_.channels_last) {
        kernels_.affine_columns(x, work_.x[2], y, work_.y[2], work_.space, count, factor, offset);
        continue;
      }
      for (std::int64_t c = 0; c < count; ++c) {
        kernels_.affine(x + c * work_.x[1], y + c * work_.y[1], work_.space, factor[c], offset[c]);
      }
    }
    return ok();
  }

 private:
  void reduce(RowReduction kind, const float* x, std::int64_t count, const float* shift, float* out) const {
    if (work_.channels_last) {
      std::fill_n(out, count, 0.0F);
      kernels_.reduce_columns(kind, x, work_.space, work_.x[2], count, shift, out);
      return;
    }
    for (std::int64_t c = 0; c < count; ++c) {
      out[c] = static_cast<float>(
          kernels_.reduce(kind, x + c * work_.x[1], work_.space, shift != nullptr ? shift[c] : 0.0F));
    }
  }
  /// Sums of channels become the mean of their group.
  void spread(std::int64_t count, float* sums) const {
    for (std::int64_t first = 0; first < count; first += work_.group) {
      double sum = 0;
      for (std::int64_t c = first; c < first + work_.group; ++c) sum += static_cast<double>(sums[c]);
      const double mean = sum / static_cast<double>(work_.group * work_.space);
      std::fill_n(sums + first, work_.group, static_cast<float>(mean));
    }
  }

  ChannelNormWork work_;
  const RowKernels& kernels_;
};

/// Needs     f32, pixels one stride apart; contiguous channels or contiguous pixels
/// Numerics  sums of blocks in f32, the variance in a second pass; y = x * factor + offset by channel
class ChannelNormTactic final : public Tactic {
 public:
  constexpr ChannelNormTactic() : Tactic("cpu.channel_norm.f32", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<ChannelNormWork> work = channel_norm_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double count = static_cast<double>(problem.outputs[0].count());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(2 * problem_bytes(problem)), count * 0.2e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const ChannelNormWork work, channel_norm_work(problem));
    return std::unique_ptr<Kernel>(
        std::make_unique<ChannelNormKernel>(work, *kernel_table(cpu_target(target).isa).rows));
  }
};

constexpr ChannelNormTactic kTactic;

}  // namespace

std::span<const Tactic* const> channel_norm_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
