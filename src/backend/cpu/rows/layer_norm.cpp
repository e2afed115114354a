#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/nest.h"
#include "backend/cpu/rows/tactics.h"
#include "ops/layer_normalization.h"

namespace bolide::cpu {
namespace {

struct LayerNormWork {
  Nest outer;  ///< operand 0: y, 1: x
  std::int64_t n = 1;
  float epsilon = 0;
  bool rms = false;
  bool has_bias = false;
};

/// True when the dims from `axis` on are row-major without gaps.
bool contiguous_from(const Operand& operand, std::size_t axis) {
  std::int64_t expected = 1;
  for (std::size_t d = operand.dims.size(); d-- > axis;) {
    if (operand.dims[d] != 1 && operand.strides[d] != expected) return false;
    expected *= operand.dims[d];
  }
  return true;
}

Result<LayerNormWork> layer_norm_work(const Problem& problem) {
  const auto* layer = problem.op->as<LayerNormalization>();
  const auto* rms = problem.op->as<RMSNormalization>();
  if (layer == nullptr && rms == nullptr) return unsupported("not a normalisation of trailing dims");
  for (std::size_t i = 1; i < problem.outputs.size(); ++i) {
    if (!problem.outputs[i].absent) return unsupported("mean and deviation as outputs");
  }
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  const std::int64_t axis = layer != nullptr ? layer->axis : rms->axis;
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
  if (x.count() == 0) return unsupported("no elements");
  if (!contiguous_from(x, at) || !contiguous_from(y, at)) return unsupported("the normalised dims are not contiguous");
  LayerNormWork out;
  out.rms = rms != nullptr;
  out.epsilon = layer != nullptr ? layer->epsilon : rms->epsilon;
  for (std::size_t d = at; d < x.dims.size(); ++d) out.n *= x.dims[d];
  out.has_bias = problem.inputs.size() > 2 && !problem.inputs[2].absent;
  for (std::size_t i = 0; i < (out.has_bias ? 3U : 2U); ++i) {
    const Operand& operand = problem.inputs[i];
    if (operand.dtype != DataType::kF32) return unsupported("f32 only, got ", operand.dtype);
    if (i > 0 && (operand.count() != out.n || !operand.contiguous())) {
      return unsupported("input ", i, " is ", operand.dims, "; needs ", out.n, " contiguous numbers");
    }
  }
  const auto cut = static_cast<std::ptrdiff_t>(at);
  const std::array<Dims, 2> strides = {Dims(y.strides.begin(), y.strides.begin() + cut),
                                       Dims(x.strides.begin(), x.strides.begin() + cut)};
  out.outer = collapse(Dims(x.dims.begin(), x.dims.begin() + cut), strides);
  if (out.outer.rank() > kMaxNestRank) return unsupported("more than ", kMaxNestRank, " dims");
  return out;
}

class LayerNormKernel final : public HostKernel {
 public:
  LayerNormKernel(LayerNormWork work, const RowKernels& kernels) : work_(std::move(work)), kernels_(kernels) {}

  Grid grid(int) const override { return {.rows = work_.outer.count()}; }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    NormalizeRow row;
    row.n = work_.n;
    row.scale = static_cast<const float*>(buffers.inputs[1]);
    row.bias = work_.has_bias ? static_cast<const float*>(buffers.inputs[2]) : nullptr;
    row.epsilon = work_.epsilon;
    row.rms = work_.rms;
    Walk walk(work_.outer, work_.outer.rank(), rows.begin);
    for (std::int64_t r = rows.begin; r < rows.end; ++r, walk.next()) {
      row.x = x + walk.at(1);
      row.out = y + walk.at(0);
      kernels_.normalize(row);
    }
    return ok();
  }

 private:
  LayerNormWork work_;
  const RowKernels& kernels_;
};

/// Needs     f32, contiguous trailing dims, scale and bias of just those dims
/// Numerics  sums of blocks in f32, of blocks in double; the variance in a second pass
class LayerNormTactic final : public Tactic {
 public:
  constexpr LayerNormTactic() : Tactic("cpu.layer_norm.f32", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<LayerNormWork> work = layer_norm_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double count = static_cast<double>(problem.outputs[0].count());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), count * 0.2e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(LayerNormWork work, layer_norm_work(problem));
    return std::unique_ptr<Kernel>(
        std::make_unique<LayerNormKernel>(std::move(work), *kernel_table(cpu_target(target).isa).rows));
  }
};

constexpr LayerNormTactic kTactic;

}  // namespace

std::span<const Tactic* const> layer_norm_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
