#include "backend/cpu/depthwise/work.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/nest.h"

namespace bolide::cpu {
namespace {

class DepthwiseKernel final : public HostKernel {
 public:
  DepthwiseKernel(const DepthwiseWork& work, GemmEpilogue epilogue, const Problem& problem, const KernelTable& table)
      : work_(work), epilogue_(std::move(epilogue)), table_(table) {
    if (const ResultOperand* residual = epilogue_.residual(); residual != nullptr) {
      const Operand& operand = problem.inputs[static_cast<std::size_t>(residual->index)];
      const Dims strides = broadcast_strides(operand.dims, operand.strides, problem.outputs[0].dims);
      residual_input_ = residual->index;
      residual_ = {strides[0], strides.size() > 3 ? strides[2] : 0, strides.back()};
    }
    // Weights of a block of channels stay in the L1 cache while the rows pass.
    constexpr std::int64_t kWeightFloats = 4096;
    block_ = std::max<std::int64_t>(64, kWeightFloats / work.taps() / 64 * 64);
  }

  Grid grid(int) const override {
    const std::int64_t grain = std::min<std::int64_t>(64, work_.channels);
    return {.rows = work_.batch * work_.height.out, .channels = work_.channels, .channel_grain = grain};
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    const float* residual = residual_input_ < 0 ? nullptr : static_cast<const float*>(buffers.inputs[residual_input_]);
    DepthwiseRow row = row_template(work_, buffers.packed);
    const float* const bias = row.bias;
    const float* const weights = row.w;
    row.x_row = work_.height.dilation * work_.x_strides[2];
    row.x_column = work_.x_strides[3];
    row.out_column = work_.out_strides[3];
    row.residual_column = residual_[2];
    row.clamps = epilogue_.clamp();
    row.low = epilogue_.low();
    row.high = epilogue_.high();
    for (std::int64_t c = channels.begin; c < channels.end; c += block_) {
      row.channels = std::min(block_, channels.end - c);
      row.bias = bias + c;
      for (std::int64_t r = rows.begin; r < rows.end; ++r) {
        const std::int64_t n = r / work_.height.out;
        const std::int64_t oh = r % work_.height.out;
        const KernelRows inside = kernel_rows(work_.height, oh);
        row.kernel_rows = inside.end - inside.begin;
        row.w = weights + inside.begin * work_.width.kernel * row.w_tap + c;
        row.x = x + n * work_.x_strides[0] + inside.first * work_.x_strides[2] + c;
        row.out = y + n * work_.out_strides[0] + oh * work_.out_strides[2] + c;
        if (residual != nullptr) row.residual = residual + n * residual_[0] + oh * residual_[1] + c;
        table_.depthwise->row(row);
      }
    }
    return ok();
  }

 private:
  DepthwiseWork work_;
  GemmEpilogue epilogue_;
  const KernelTable& table_;
  int residual_input_ = -1;
  std::array<std::int64_t, 3> residual_{};  ///< strides of n, h, w
  std::int64_t block_ = 64;
};

/// Needs     f32, one output channel an input channel, an epilogue of residual, max and min at most
/// Packed    bias and weights, [tap][channel]
/// Numerics  f32: the bias, then the taps in order, fused where the ISA can
class DepthwiseF32 final : public Tactic {
 public:
  constexpr DepthwiseF32() : Tactic("cpu.depthwise.f32", 2) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const Result<DepthwiseWork> work = depthwise_work(problem);
    if (!work) return reject(work.error().message);
    if (problem.inputs[0].dtype != DataType::kF32 || problem.inputs[1].dtype != DataType::kF32)
      return reject("f32 only");
    if (work->multiplier != 1) return reject(work->multiplier, " output channels an input channel");
    const Result<GemmEpilogue> epilogue = depthwise_epilogue(problem, *work, kernel_table(cpu_target(target).isa));
    if (!epilogue) return reject(epilogue.error().message);
    if (!epilogue->on_tile()) return reject("an epilogue that does not run in registers");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Result<DepthwiseWork> work = depthwise_work(problem);
    const double core_us = work ? depthwise_core_us(problem, *work, cpu_target(target)) : 0;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), core_us);
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const Result<DepthwiseWork> work = depthwise_work(problem);
    return work ? depthwise_packed_bytes(*work) : 0;
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> to) const override {
    TRY(const DepthwiseWork work, depthwise_work(problem));
    return pack_depthwise(problem, work, to);
  }
  bool packs_input(const Problem&, int index) const override { return index == 1 || index == 2; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const DepthwiseWork work, depthwise_work(problem));
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    TRY(GemmEpilogue epilogue, depthwise_epilogue(problem, work, table));
    return std::unique_ptr<Kernel>(std::make_unique<DepthwiseKernel>(work, std::move(epilogue), problem, table));
  }
};

constexpr DepthwiseF32 kTactic;

}  // namespace

const Tactic& depthwise_f32() { return kTactic; }

}  // namespace bolide::cpu
