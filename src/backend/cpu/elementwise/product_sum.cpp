#include "backend/cpu/elementwise/product_sum.h"

#include <algorithm>

namespace bolide::cpu {
namespace {

using Kind = Expr::Arg::Kind;

class ProductSumKernel final : public HostKernel {
 public:
  /// `inputs` are the factors among the operands.
  ProductSumKernel(const ElementwiseWork& work, std::array<int, 4> inputs, bool minus, Strips strips,
                   const EltwiseKernels& kernels)
      : inputs_(inputs), minus_(minus), strips_(std::move(strips)), kernels_(kernels) {
    for (std::size_t i = 0; i < 4; ++i) sources_[i] = work.sources[static_cast<std::size_t>(inputs[i])];
  }

  Grid grid(int) const override { return {.rows = strips_.count(), .row_grain = 4}; }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    ProductSum sum;
    sum.minus = minus_;
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      for (std::size_t i = 0; i < 4; ++i) {
        const StripView& view = views[static_cast<std::size_t>(inputs_[i]) + 1];
        sum.in[i] = static_cast<const float*>(buffers.inputs[sources_[i]]) + view.offset;
        sum.row[i] = view.row_stride;
      }
      const StripView& to = views[0];
      sum.out = static_cast<float*>(buffers.outputs[0]) + to.offset;
      sum.out_row = to.row_stride;
      sum.rows = to.rows;
      sum.length = to.length;
      kernels_.product_sum(sum);
    });
    return ok();
  }

 private:
  std::array<int, 4> inputs_;
  std::array<int, 4> sources_{};
  bool minus_;
  Strips strips_;
  const EltwiseKernels& kernels_;
};

}  // namespace

std::unique_ptr<Kernel> bind_product_sum(const ElementwiseWork& work, DataType out, const Strips& strips,
                                         const EltwiseKernels& kernels) {
  const std::span<const Expr::Step> steps = work.expr.steps();
  if (steps.size() != 3 || out != DataType::kF32 || !strips.contiguous(0)) return nullptr;
  const Expr::Step& last = steps[2];
  if (last.fn != Fn::kAdd && last.fn != Fn::kSub) return nullptr;
  std::array<int, 4> inputs{};
  for (std::size_t side = 0; side < 2; ++side) {
    if (last.args[side].kind != Kind::kStep) return nullptr;
    const Expr::Step& product = steps[static_cast<std::size_t>(last.args[side].index)];
    if (product.fn != Fn::kMul) return nullptr;
    for (std::size_t factor = 0; factor < 2; ++factor) {
      const Expr::Arg& arg = product.args[factor];
      if (arg.kind != Kind::kInput || !strips.contiguous(arg.index + 1)) return nullptr;
      if (work.operands[static_cast<std::size_t>(arg.index)].dtype != DataType::kF32) return nullptr;
      inputs[2 * side + factor] = arg.index;
    }
  }
  return std::make_unique<ProductSumKernel>(work, inputs, last.fn == Fn::kSub, strips, kernels);
}

}  // namespace bolide::cpu
