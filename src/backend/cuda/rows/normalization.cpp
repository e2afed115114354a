#include "ops/normalization.h"
#include "backend/cpu/nest.h"
#include "backend/cuda/cuda_target.h"
#include "backend/cuda/rows/row_text.h"
#include "backend/cuda/rows/tactics.h"
#include "backend/cuda/text/expr_text.h"
#include "ops/axis.h"
#include "ops/layer_normalization.h"

namespace bolide::cuda {
namespace {

struct Normalization {
  RowText rows;
  float epsilon = 0;
  bool centred = true;
  int scale = -1;  // operands; -1: none
  int bias = -1;
  int mean = -1;
  int deviation = -1;
};

bool present(const Problem& problem, std::size_t input) {
  return input < problem.inputs.size() && !problem.inputs[input].absent;
}

/// Statistics over the dims from `axis` on.
Result<Normalization> layer_work(const Problem& problem, std::int64_t axis, float epsilon, bool centred) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  TRY(const std::size_t first, normalize_axis(axis, x.rank()));
  std::vector<bool> reduced(x.dims.size(), false);
  for (std::size_t d = first; d < reduced.size(); ++d) reduced[d] = true;
  Normalization out{.epsilon = epsilon, .centred = centred};
  std::vector<RowOperand> operands = {{"from", x.dtype, x.strides, false, {AddressArg::Kind::kInput, 0}},
                                      {"to_y", y.dtype, y.strides, true, {AddressArg::Kind::kOutput, 0}}};
  for (std::size_t i = 1; i < 3; ++i) {
    if (!present(problem, i)) continue;
    const Operand& operand = problem.inputs[i];
    if (operand.rank() > x.rank()) return unsupported("a scale or bias of more dims than x");
    (i == 1 ? out.scale : out.bias) = static_cast<int>(operands.size());
    operands.push_back({i == 1 ? "scale" : "bias",
                        operand.dtype,
                        cpu::broadcast_strides(operand.dims, operand.strides, x.dims),
                        false,
                        {AddressArg::Kind::kInput, static_cast<int>(i)}});
  }
  for (std::size_t o = 1; o < problem.outputs.size(); ++o) {
    const Operand& operand = problem.outputs[o];
    if (operand.absent) continue;
    Dims strides = operand.strides;
    for (std::size_t d = first; d < strides.size(); ++d) strides[d] = 0;
    (o == 1 ? out.mean : out.deviation) = static_cast<int>(operands.size());
    operands.push_back({o == 1 ? "to_mean" : "to_deviation",
                        operand.dtype,
                        std::move(strides),
                        true,
                        {AddressArg::Kind::kOutput, static_cast<int>(o)}});
  }
  TRY(out.rows, RowText::make(x.dims, reduced, std::move(operands)));
  return out;
}

/// Statistics of each group of channels over the pixels.
Result<Normalization> channel_work(const Problem& problem, std::int64_t groups, float epsilon) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (groups < 1 || x.dims[1] % groups != 0) return unsupported(x.dims[1], " channels in ", groups, " groups");
  const std::int64_t group = x.dims[1] / groups;
  const auto split = [&](std::int64_t n, std::int64_t c, std::span<const std::int64_t> pixels) {
    Dims out = {n, c * group, c};
    out.insert(out.end(), pixels.begin(), pixels.end());
    return out;
  };
  Dims dims = {x.dims[0], groups, group};
  dims.insert(dims.end(), x.dims.begin() + 2, x.dims.end());
  std::vector<bool> reduced(dims.size(), true);
  reduced[0] = reduced[1] = false;
  Normalization out{.epsilon = epsilon, .scale = 2, .bias = 3};
  std::vector<RowOperand> operands = {{"from",
                                       x.dtype,
                                       split(x.strides[0], x.strides[1], std::span(x.strides).subspan(2)),
                                       false,
                                       {AddressArg::Kind::kInput, 0}},
                                      {"to_y",
                                       y.dtype,
                                       split(y.strides[0], y.strides[1], std::span(y.strides).subspan(2)),
                                       true,
                                       {AddressArg::Kind::kOutput, 0}}};
  const Dims still(x.dims.size() - 2, 0);
  for (int i = 1; i < 3; ++i) {
    const Operand& operand = problem.inputs[static_cast<std::size_t>(i)];
    operands.push_back({i == 1 ? "scale" : "bias",
                        operand.dtype,
                        split(0, operand.strides[0], still),
                        false,
                        {AddressArg::Kind::kInput, i}});
  }
  TRY(out.rows, RowText::make(dims, reduced, std::move(operands)));
  return out;
}

Result<Normalization> normalization_work(const Problem& problem) {
  if (problem.inputs[0].dtype == DataType::kF64) return unsupported("f64");
  if (problem.inputs[0].count() == 0) return unsupported("no elements");
  if (const auto* op = problem.op->as<LayerNormalization>()) return layer_work(problem, op->axis, op->epsilon, true);
  if (const auto* op = problem.op->as<RMSNormalization>()) return layer_work(problem, op->axis, op->epsilon, false);
  if (const auto* op = problem.op->as<InstanceNormalization>()) {
    return channel_work(problem, problem.inputs[0].dims[1], op->epsilon);
  }
  if (const auto* op = problem.op->as<GroupNormalization>()) return channel_work(problem, op->groups, op->epsilon);
  return unsupported(problem.op->name(), " is no normalization");
}

/// Numerics  f32; the variance in a second pass over the row
class NormalizationTactic final : public Tactic {
 public:
  constexpr NormalizationTactic() : Tactic("cuda.normalization", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto work = normalization_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Operand& x = problem.inputs[0];
    return estimate_cuda_us(cuda_target(target), 2.5 * static_cast<double>(bolide::packed_bytes(x.dtype, x.count())));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(Normalization work, normalization_work(problem));
    const std::string share = number_text(1.0 / static_cast<double>(work.rows.row_size()));
    const std::string epsilon = number_text(static_cast<double>(work.epsilon));
    TRY(TextLaunch launch, work.rows.launch("normalization", [&](const RowText& row) {
      std::string text = "  float mean = 0.f, square = 0.f;\n";
      if (work.centred) {
        text += strings::join(row.each("mean += x;"), "  mean = ", row.all("Sum", "mean"), " * ", share, ";\n");
      }
      text += strings::join(row.each("square += (x - mean) * (x - mean);"), "  square = ", row.all("Sum", "square"),
                            " * ", share, ";\n  const float deviation = 1.f / sqrtf(square + ", epsilon, ");\n");
      std::string value = "value = (x - mean) * deviation;";
      if (work.scale >= 0) value += strings::join(" value *= ", row.element(work.scale), ";");
      if (work.bias >= 0) value += strings::join(" value += ", row.element(work.bias), ";");
      text += row.each_store(1, value);
      if (work.mean >= 0) text += row.store_once(work.mean, "mean");
      if (work.deviation >= 0) text += row.store_once(work.deviation, "deviation");
      return text;
    }));
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

constexpr NormalizationTactic kTactic;

}  // namespace

std::span<const Tactic* const> normalization_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cuda
