#include "ops/softmax.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/nest.h"
#include "backend/cpu/rows/tactics.h"

namespace bolide::cpu {
namespace {

struct SoftmaxWork {
  Nest outer;  ///< all dims but the axis; operand 0: y, 1: x
  std::int64_t n = 1;
  std::int64_t x_stride = 1;
  std::int64_t y_stride = 1;
  bool columns = false;  ///< vectors along the last dim of `outer` instead of the axis
  bool log = false;

  std::int64_t width() const { return columns ? outer.dims.back() : 1; }
};

Result<SoftmaxWork> softmax_work(const Problem& problem) {
  const auto* plain = problem.op->as<Softmax>();
  const auto* log = problem.op->as<LogSoftmax>();
  if (plain == nullptr && log == nullptr) return unsupported("neither Softmax nor LogSoftmax");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.dtype != DataType::kF32) return unsupported("f32 only, got ", x.dtype);
  if (x.count() == 0) return unsupported("no elements");
  const std::int64_t axis = plain != nullptr ? plain->axis : log->axis;
  const auto at = static_cast<std::ptrdiff_t>(axis < 0 ? axis + x.rank() : axis);
  SoftmaxWork out;
  out.log = log != nullptr;
  out.n = x.dims[static_cast<std::size_t>(at)];
  out.x_stride = x.strides[static_cast<std::size_t>(at)];
  out.y_stride = y.strides[static_cast<std::size_t>(at)];
  Dims dims = x.dims;
  std::array<Dims, 2> strides = {y.strides, x.strides};
  dims.erase(dims.begin() + at);
  for (Dims& list : strides) list.erase(list.begin() + at);
  out.outer = collapse(dims, strides);
  if (out.outer.rank() > kMaxNestRank) return unsupported("more than ", kMaxNestRank, " dims");
  if (out.n == 1 || (out.x_stride == 1 && out.y_stride == 1)) return out;
  const int last = out.outer.rank() - 1;
  out.columns = out.outer.stride(0, last) == 1 && out.outer.stride(1, last) == 1;
  if (!out.columns) return unsupported("neither the axis nor another dim is contiguous in both x and y");
  return out;
}

class SoftmaxKernel final : public HostKernel {
 public:
  SoftmaxKernel(SoftmaxWork work, const RowKernels& kernels) : work_(std::move(work)), kernels_(kernels) {}

  Grid grid(int) const override {
    const std::int64_t width = work_.width();
    return {.rows = work_.outer.count() / width, .channels = width, .channel_grain = std::min<std::int64_t>(16, width)};
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    Walk walk(work_.outer, work_.outer.rank() - (work_.columns ? 1 : 0), rows.begin);
    for (std::int64_t r = rows.begin; r < rows.end; ++r, walk.next()) {
      if (work_.columns) {
        kernels_.softmax_columns(x + walk.at(1) + channels.begin, work_.x_stride, y + walk.at(0) + channels.begin,
                                 work_.y_stride, work_.n, channels.end - channels.begin, work_.log);
      } else {
        kernels_.softmax(x + walk.at(1), y + walk.at(0), work_.n, work_.log);
      }
    }
    return ok();
  }

 private:
  SoftmaxWork work_;
  const RowKernels& kernels_;
};

/// Needs     f32; the axis contiguous in x and y, or another dim that is
/// Numerics  f32 with the largest subtracted; exponentials below e^-87 are 0
class SoftmaxTactic final : public Tactic {
 public:
  constexpr SoftmaxTactic() : Tactic("cpu.softmax.f32", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<SoftmaxWork> work = softmax_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double exponentials = static_cast<double>(problem.outputs[0].count());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), exponentials * 1e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(SoftmaxWork work, softmax_work(problem));
    return std::unique_ptr<Kernel>(
        std::make_unique<SoftmaxKernel>(std::move(work), *kernel_table(cpu_target(target).isa).rows));
  }
};

constexpr SoftmaxTactic kTactic;

}  // namespace

std::span<const Tactic* const> softmax_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
