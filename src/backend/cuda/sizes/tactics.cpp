#include "backend/cuda/sizes/tactics.h"

#include "backend/cuda/cuda_target.h"
#include "backend/cuda/text/text_kernel.h"
#include "ops/shape.h"

#include <algorithm>
#include <array>

namespace bolide::cuda {
namespace {

Dims values_of(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const auto* shape = problem.op->as<ShapeOf>();
  if (shape == nullptr) return {x.count()};
  const auto rank = static_cast<std::int64_t>(x.dims.size());
  const std::int64_t first = std::clamp<std::int64_t>(shape->start < 0 ? shape->start + rank : shape->start, 0, rank);
  const std::int64_t count = std::min(problem.outputs[0].count(), rank - first);
  return {x.dims.begin() + first, x.dims.begin() + first + count};
}

/// Shape and Size: one thread writes numbers that stand in the text.
class SizesTactic final : public Tactic {
 public:
  constexpr SizesTactic() : Tactic("cuda.sizes", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Operand& y = problem.outputs[0];
    if (y.dtype != DataType::kI64) return reject("sizes as ", y.dtype);
    if (!y.contiguous()) return reject("a result with gaps");
    if (values_of(problem).empty()) return reject("no sizes");
    return accept();
  }
  double estimate_us(const Problem&, const Target& target) const override {
    return estimate_cuda_us(cuda_target(target), 64);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    std::string text = "extern \"C\" __global__ void write_sizes(long long* y) {\n";
    const Dims values = values_of(problem);
    for (std::size_t i = 0; i < values.size(); ++i) text += strings::join("  y[", i, "] = ", values[i], "ll;\n");
    text += "}\n";
    TextLaunch launch;
    launch.program = {.name = "sizes", .text = std::move(text)};
    launch.forms.push_back({.function = "write_sizes", .launch = {}});
    launch.args.push_back({AddressArg::Kind::kOutput, 0, 0});
    std::vector<TextLaunch> launches;
    launches.push_back(std::move(launch));
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::move(launches)));
  }
};

constexpr SizesTactic kTactic;

}  // namespace

std::span<const Tactic* const> size_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kTactic};
  return kAll;
}

}  // namespace bolide::cuda
