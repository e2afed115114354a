#include "ops/pad.h"

#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/axis.h"
#include "tensor/number.h"

#include <numeric>

namespace bolide::cuda {
namespace {

/// How much stands before each axis of x.
Result<Dims> begins(const Problem& problem) {
  const std::size_t rank = problem.inputs[0].dims.size();
  if (problem.inputs[1].constant == nullptr) return unsupported("pads that are computed");
  TRY(const Dims pads, to_i64(*problem.inputs[1].constant));
  Dims axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (problem.inputs.size() > 3 && !problem.inputs[3].absent) {
    if (problem.inputs[3].constant == nullptr) return unsupported("axes that are computed");
    TRY(axes, to_i64(*problem.inputs[3].constant));
  }
  TRY(const auto at, normalize_axes(axes, static_cast<int>(rank)));
  if (pads.size() != 2 * at.size()) return unsupported(pads.size(), " pads for ", at.size(), " axes");
  Dims out(rank, 0);
  for (std::size_t i = 0; i < at.size(); ++i) out[at[i]] = pads[i];
  return out;
}

Result<TextWork> pad_work(const Problem& problem) {
  const PadMode mode = problem.op->as<Pad>()->mode;
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  TRY(const std::string_view type, move_type(x.dtype));
  TRY(const Dims before, begins(problem));
  const bool constant = mode == PadMode::kConstant;
  if (!constant && x.count() == 0) return unsupported("nothing to repeat");
  const bool value = constant && problem.inputs.size() > 2 && !problem.inputs[2].absent;
  ElementText text("pad", y.dims, y.strides);
  text.pointer("y", {AddressArg::Kind::kOutput, 0, 0}, type).pointer("x", {AddressArg::Kind::kInput, 0, 0}, type);
  if (value) text.pointer("value", {AddressArg::Kind::kInput, 2, 0}, type);
  std::string body = "  bool inside = true;\n";
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    const std::int64_t size = x.dims[d];
    body += strings::join("  int64_t i", d, " = p", d, " - (", before[d], "ll);\n");
    if (constant) {
      body += strings::join("  inside = inside && i", d, " >= 0 && i", d, " < ", size, ";\n");
    } else if (mode == PadMode::kEdge) {
      body += strings::join("  i", d, " = i", d, " < 0 ? 0 : i", d, " >= ", size, " ? ", size - 1, " : i", d, ";\n");
    } else {
      const std::int64_t period = mode == PadMode::kWrap ? size : std::max<std::int64_t>(2 * (size - 1), 1);
      body += strings::join("  i", d, " = (i", d, " % ", period, "ll + ", period, "ll) % ", period, "ll;\n  if (i", d,
                            " >= ", size, ") i", d, " = ", period, "ll - i", d, ";\n");
    }
  }
  body += strings::join("  y[", offset_text(y.strides), "] = inside ? x[", offset_text(x.strides, "i"),
                        "] : ", value ? "*value" : strings::join("(", type, ")0"), ";\n");
  TextWork work;
  TRY(TextLaunch launch, text.finish(body));
  work.launches.push_back(std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()));
  return work;
}

constexpr TextTactic kPad("cuda.pad", 1, pad_work);

}  // namespace

std::span<const Tactic* const> pad_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kPad};
  return kAll;
}

}  // namespace bolide::cuda
