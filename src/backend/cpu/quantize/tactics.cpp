#include "backend/cpu/quantize/tactics.h"

#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "ops/quantize.h"

#include <cmath>

namespace bolide::cpu {
namespace {

constexpr std::int64_t kBlock = 4096;

/// First the range of every block, then the codes by the range of all.
class DynamicQuantizeKernel final : public HostKernel {
 public:
  DynamicQuantizeKernel(std::int64_t count, std::size_t outputs, const KernelTable& kernels)
      : count_(count), outputs_(outputs), kernels_(*kernels.eltwise), codes_(*kernels.codes) {}

  int phases() const override { return 2; }
  Grid grid(int) const override { return {.rows = std::max<std::int64_t>(1, blocks())}; }
  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(blocks()) * 2 * sizeof(float); }

  Status run(int phase, const KernelBuffers& buffers, Range rows, Range) const override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* const ranges = reinterpret_cast<float*>(buffers.workspace);
    const std::int64_t end = std::min(rows.end, blocks());
    if (phase == 0) {
      for (std::int64_t b = rows.begin; b < end; ++b) {
        kernels_.range(x + b * kBlock, length(b), ranges + 2 * b, ranges + 2 * b + 1);
      }
      return ok();
    }
    float low = 0;
    float high = 0;
    for (std::int64_t b = 0; b < blocks(); ++b) {
      low = std::min(low, ranges[2 * b]);
      high = std::max(high, ranges[2 * b + 1]);
    }
    const float scale = high == low ? 1.0F : (high - low) / 255.0F;
    const float zero = std::min(std::max(std::nearbyint(-low / scale), 0.0F), 255.0F);
    if (rows.begin == 0) {
      if (outputs_ > 1 && buffers.outputs[1] != nullptr) *static_cast<float*>(buffers.outputs[1]) = scale;
      if (outputs_ > 2 && buffers.outputs[2] != nullptr)
        *static_cast<std::uint8_t*>(buffers.outputs[2]) = static_cast<std::uint8_t>(zero);
    }
    auto* const y = static_cast<std::uint8_t*>(buffers.outputs[0]);
    const std::int64_t first = rows.begin * kBlock;
    if (rows.begin < end) codes_.quantise_u8(x + first, scale, zero, y + first, std::min(end * kBlock, count_) - first);
    return ok();
  }

 private:
  std::int64_t blocks() const { return (count_ + kBlock - 1) / kBlock; }
  std::int64_t length(std::int64_t block) const { return std::min(kBlock, count_ - block * kBlock); }

  std::int64_t count_;
  std::size_t outputs_;
  const EltwiseKernels& kernels_;
  const CodeKernels& codes_;
};

/// Needs     contiguous x and y
/// Numerics  f32, as the operator says
class DynamicQuantizeTactic final : public Tactic {
 public:
  constexpr DynamicQuantizeTactic() : Tactic("cpu.quantize.dynamic", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    if (!problem.op->is<DynamicQuantizeLinear>()) return reject("not a DynamicQuantizeLinear");
    if (!problem.inputs[0].contiguous() || !problem.outputs[0].contiguous()) return reject("gaps or another order");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double count = static_cast<double>(problem.inputs[0].count());
    return cpu::estimate_us(cpu_target(target), count * 9, count * 0.15e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const KernelTable& kernels = kernel_table(cpu_target(target).isa);
    return std::unique_ptr<Kernel>(
        std::make_unique<DynamicQuantizeKernel>(problem.inputs[0].count(), problem.outputs.size(), kernels));
  }
};

constexpr DynamicQuantizeTactic kTactic;

}  // namespace

std::span<const Tactic* const> dynamic_quantize_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
