#include "ops/softmax.h"
#include "backend/cuda/cuda_target.h"
#include "backend/cuda/rows/row_text.h"
#include "backend/cuda/rows/tactics.h"
#include "ops/axis.h"

namespace bolide::cuda {
namespace {

Result<RowText> softmax_rows(const Problem& problem) {
  const auto* softmax = problem.op->as<Softmax>();
  const auto* logarithm = problem.op->as<LogSoftmax>();
  if (softmax == nullptr && logarithm == nullptr) return unsupported("neither Softmax nor LogSoftmax");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.dtype == DataType::kF64) return unsupported("f64");
  TRY(const std::size_t axis, normalize_axis(softmax != nullptr ? softmax->axis : logarithm->axis, x.rank()));
  std::vector<bool> reduced(x.dims.size(), false);
  reduced[axis] = true;
  return RowText::make(x.dims, reduced,
                       {{"from", x.dtype, x.strides, false, {AddressArg::Kind::kInput, 0}},
                        {"to_y", y.dtype, y.strides, true, {AddressArg::Kind::kOutput, 0}}});
}

/// Numerics  f32 with the maximum subtracted, stored once
class SoftmaxTactic final : public Tactic {
 public:
  constexpr SoftmaxTactic() : Tactic("cuda.softmax", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto rows = softmax_rows(problem);
    return rows ? accept() : reject(rows.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Operand& x = problem.inputs[0];
    return estimate_cuda_us(cuda_target(target), 2.0 * static_cast<double>(bolide::packed_bytes(x.dtype, x.count())));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(RowText rows, softmax_rows(problem));
    const bool logarithm = problem.op->is<LogSoftmax>();
    TRY(TextLaunch launch, rows.launch("softmax", [&](const RowText& row) {
      return strings::join(
          "  float most = -__int_as_float(0x7f800000);\n", row.each("most = fn_max(most, x);"),
          "  most = ", row.all("Most", "most"), ";\n  float sum = 0.f;\n", row.each("sum += __expf(x - most);"),
          "  sum = ", row.all("Sum", "sum"), ";\n",
          logarithm ? "  const float offset = most + logf(sum);\n" : "  const float scale = 1.f / sum;\n",
          row.each_store(1, logarithm ? "value = x - offset;" : "value = __expf(x - most) * scale;"));
    }));
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

constexpr SoftmaxTactic kTactic;

}  // namespace

std::span<const Tactic* const> softmax_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cuda
