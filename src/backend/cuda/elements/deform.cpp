#include "ops/deform_conv.h"

#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "backend/cuda/text/kernel_text.h"

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

constexpr std::int64_t kTile = 64;

std::string offset_macro(std::string_view name, const Dims& strides) {
  return strings::join("#define ", name, "(n, c, h, w) ((n) * ", strides[0], "ll + (c) * ", strides[1], "ll + (h) * ",
                       strides[2], "ll + (w) * ", strides[3], "ll)\n");
}

/// Pictures only.
Result<TextWork> deform_work(const Problem& problem) {
  const auto& op = *problem.op->as<DeformConv>();
  const Operand& x = problem.inputs[0];
  const Operand& w = problem.inputs[1];
  const Operand& offset = problem.inputs[2];
  const Operand& y = problem.outputs[0];
  const auto given = [&](std::size_t i) { return problem.inputs.size() > i && !problem.inputs[i].absent; };
  if (x.dims.size() != 4) return unsupported(x.dims.size() - 2, " spatial dims");
  if (y.count() == 0 || x.count() == 0 || w.count() == 0) return unsupported("no elements");
  if (!is_float(x.dtype) || x.dtype == DataType::kF64 || c_type(x.dtype).empty()) return unsupported("x of ", x.dtype);
  for (const std::int64_t size : x.dims) {
    if (size >= 1 << 24) return unsupported("an axis of ", size);
  }
  const Dims kernel = {w.dims[2], w.dims[3]};
  TRY(const auto axes, window_axes(DeformConv::kInfo.name, op.window(), kernel, std::span(x.dims).subspan(2)));
  const std::int64_t taps = kernel[0] * kernel[1];
  const std::int64_t points = y.dims[2] * y.dims[3];
  const std::int64_t results = y.dims[1] / op.groups;
  const std::int64_t tiles = (results + kTile - 1) / kTile;
  const std::int64_t rows = tiles * op.groups;
  const std::int64_t columns = (points + kTile - 1) / kTile;
  if (rows >= 1 << 16 || y.dims[0] >= 1 << 16 || points >= 1 << 30) {
    return unsupported(rows, " tiles of results, ", y.dims[0], " images of ", points, " positions");
  }
  TextLaunch launch;
  launch.program.name = "deform";
  std::string& text = launch.program.text;
  text = joined_text({});
  const auto define = [&](std::string_view name, std::int64_t value) {
    text += strings::join("#define ", name, " ", value, "\n");
  };
  define("HEIGHT", x.dims[2]);
  define("WIDTH", x.dims[3]);
  define("OUT_WIDTH", y.dims[3]);
  define("POINTS", points);
  define("KERNEL_WIDTH", kernel[1]);
  define("TAPS", taps);
  define("STRIDE_Y", axes[0].stride);
  define("STRIDE_X", axes[1].stride);
  define("PAD_Y", axes[0].before);
  define("PAD_X", axes[1].before);
  define("DILATION_Y", axes[0].dilation);
  define("DILATION_X", axes[1].dilation);
  define("CHANNELS", w.dims[1]);
  define("RESULTS", results);
  define("TILES", tiles);
  define("OF_OFFSET", x.dims[1] / op.offset_groups);
  define("HAS_BIAS", given(3) ? 1 : 0);
  define("HAS_MASK", given(4) ? 1 : 0);
  define("BIAS_STEP", given(3) ? problem.inputs[3].strides[0] : 0);
  text += strings::join(
      "#define T ", c_type(x.dtype), "\n", offset_macro("X", x.strides), offset_macro("OFFSET", offset.strides),
      offset_macro("MASK", given(4) ? problem.inputs[4].strides : offset.strides), offset_macro("Y", y.strides),
      "#define W(o, c, tap) ((o) * ", w.strides[0], "ll + (c) * ", w.strides[1], "ll + (tap) / KERNEL_WIDTH * ",
      w.strides[2], "ll + (tap) % KERNEL_WIDTH * ", w.strides[3], "ll)\n", kernel_text("deform"));
  launch.forms.push_back({.function = "deform",
                          .launch = {.grid = {static_cast<unsigned>(columns), static_cast<unsigned>(rows),
                                              static_cast<unsigned>(y.dims[0])},
                                     .block = {256, 1, 1}}});
  launch.args = {{Kind::kInput, 0, 0},
                 {Kind::kInput, 1, 0},
                 {Kind::kInput, 2, 0},
                 {Kind::kInput, given(3) ? 3 : 0, 0},  // what is left out is not read
                 {Kind::kInput, given(4) ? 4 : 0, 0},
                 {Kind::kOutput, 0, 0}};
  TextWork work;
  work.launches.push_back(std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count() + offset.count()));
  work.operations = static_cast<double>(y.count() * w.dims[1] * taps) / 8;
  return work;
}

/// Numerics  positions, samples and sums in f32
constexpr TextTactic kDeform("cuda.deform", 1, deform_work);

}  // namespace

std::span<const Tactic* const> deform_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kDeform};
  return kAll;
}

}  // namespace bolide::cuda
