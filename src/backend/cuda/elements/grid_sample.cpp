#include "ops/grid_sample.h"

#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "backend/cuda/text/kernel_text.h"

namespace bolide::cuda {
namespace {

/// A thread an element; its taps along each axis are computed again for each channel.
Result<TextWork> sample_work(const Problem& problem) {
  const auto& op = *problem.op->as<GridSample>();
  const Operand& x = problem.inputs[0];
  const Operand& grid = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  const bool moves = op.mode == SampleMode::kNearest;
  const std::size_t spatial = x.dims.size() - 2;
  if (spatial > 3) return unsupported(spatial, " spatial dims");
  if (!is_float(x.dtype) || x.dtype == DataType::kF64 || c_type(x.dtype).empty()) return unsupported("x of ", x.dtype);
  if (grid.dtype == DataType::kF64 || c_type(grid.dtype).empty()) return unsupported("a grid of ", grid.dtype);
  if (x.count() == 0) return unsupported("no elements");
  for (const std::int64_t size : x.dims) {
    if (size >= 1 << 24) return unsupported("an axis of ", size);
  }
  const std::string_view type = c_type(x.dtype);
  ElementText text("grid_sample", y.dims, y.strides);
  text.pointer("y", {AddressArg::Kind::kOutput, 0, 0}, type).pointer("x", {AddressArg::Kind::kInput, 0, 0}, type);
  text.pointer("grid", {AddressArg::Kind::kInput, 1, 0}, c_type(grid.dtype));
  std::string body = strings::join("  const int64_t point = p0 * ", grid.strides[0], "ll");
  for (std::size_t d = 0; d < spatial; ++d) body += strings::join(" + p", d + 2, " * ", grid.strides[d + 1], "ll");
  body += strings::join(";\n  const ", type, "* const plane = x + p0 * ", x.strides[0], "ll + p1 * ", x.strides[1],
                        "ll;\n");
  for (std::size_t d = 0; d < spatial; ++d) {
    body += strings::join("  const Taps t", d, " = taps_of(to_f32(grid[point + ",
                          static_cast<std::int64_t>(spatial - 1 - d) * grid.strides.back(), "ll]), ", x.dims[d + 2],
                          ");\n");
  }
  std::string sum = "  float sum = 0.f;\n";
  std::string weight = "1.f";
  std::string at = "0";
  std::string inside = "true";
  for (std::size_t d = 0; d < spatial; ++d) {
    sum += strings::join("#pragma unroll\n  for (int i", d, " = 0; i", d, " < kTaps; ++i", d, ")\n");
    weight += strings::join(" * t", d, ".weight[i", d, "]");
    at += strings::join(" + t", d, ".index[i", d, "] * ", x.strides[d + 2], "ll");
    inside += strings::join(" && t", d, ".index[i", d, "] >= 0");
  }
  body +=
      sum + strings::join("    if (", inside, ") sum += ", moves ? "" : weight + " * ", "to_f32(plane[", at, "]);\n");
  body += strings::join("  y[", offset_text(y.strides), "] = Store<", type, ">::from(sum);\n");
  const std::string before =
      strings::join("#define MODE ", static_cast<int>(op.mode), "\n#define PADDING ", static_cast<int>(op.padding_mode),
                    "\n#define ALIGN ", op.align_corners ? 1 : 0, "\n", kernel_text("grid_sample"));
  TextWork work;
  TRY(TextLaunch launch, text.finish(body, before, {"-fmad=false"}));
  work.launches.push_back(std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()) + packed_bytes(grid.dtype, grid.count()));
  return work;
}

/// Numerics  positions and sums in f32
constexpr TextTactic kSample("cuda.gridsample", 1, sample_work);

}  // namespace

std::span<const Tactic* const> sample_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kSample};
  return kAll;
}

}  // namespace bolide::cuda
