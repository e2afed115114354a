#include "backend/cpu/movement/tactics.h"
#include "ops/shape.h"

#include <algorithm>

namespace bolide::cpu {
namespace {

class SizesKernel final : public HostKernel {
 public:
  SizesKernel(Dims values, std::int64_t stride) : values_(std::move(values)), stride_(stride) {}

  Grid grid(int) const override {
    const auto count = static_cast<std::int64_t>(values_.size());
    return {.rows = count, .row_grain = std::max<std::int64_t>(1, count)};
  }
  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    auto* y = static_cast<std::int64_t*>(buffers.outputs[0]);
    for (std::int64_t i = rows.begin; i < rows.end; ++i) y[i * stride_] = values_[static_cast<std::size_t>(i)];
    return ok();
  }

 private:
  Dims values_;
  std::int64_t stride_;
};

/// The sizes of the problem, which are known when it is bound; the input is not read.
class SizesTactic final : public Tactic {
 public:
  constexpr SizesTactic() : Tactic("cpu.sizes", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    if (!problem.op->is<ShapeOf>() && !problem.op->is<Size>()) return reject("neither Shape nor Size");
    return accept();
  }
  double estimate_us(const Problem&, const Target&) const override { return 0.1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    const Operand& y = problem.outputs[0];
    Dims values = {problem.inputs[0].count()};
    if (const auto* op = problem.op->as<ShapeOf>()) {
      const auto rank = std::int64_t{problem.inputs[0].rank()};
      const auto inside = [rank](std::int64_t at) {
        return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
      };
      const std::int64_t begin = inside(op->start);
      const std::int64_t end = std::max(begin, inside(op->end));
      values.assign(problem.inputs[0].dims.begin() + begin, problem.inputs[0].dims.begin() + end);
    }
    if (y.count() != static_cast<std::int64_t>(values.size())) {
      return internal_error("Shape: ", values.size(), " sizes for ", y.count(), " elements");
    }
    return std::unique_ptr<Kernel>(std::make_unique<SizesKernel>(std::move(values), y.rank() > 0 ? y.strides[0] : 1));
  }
};

constexpr SizesTactic kTactic;

}  // namespace

std::span<const Tactic* const> sizes_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
