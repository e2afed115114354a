#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/col2im.h"
#include "ops/roi.h"
#include "tensor/number.h"

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

Result<TextWork> one_launch(Result<TextLaunch> launch, const Problem& problem, double operations) {
  if (!launch) return launch.error();
  TextWork work;
  work.launches.push_back(*std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(problem.inputs[0].dtype, problem.inputs[0].count()));
  work.operations = operations;
  return work;
}

/// "float (of x)" kernels: y, x and boxes as parameters; p0 is the box.
Result<ElementText> of_boxes(const Problem& problem, std::string_view name) {
  const Operand& x = problem.inputs[0];
  const Operand& boxes = problem.inputs[1];
  if (x.dtype == DataType::kF64 || c_type(x.dtype).empty()) return unsupported("x of ", x.dtype);
  if (x.count() == 0) return unsupported("no elements");
  ElementText text(name, problem.outputs[0].dims, problem.outputs[0].strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, c_type(x.dtype)).pointer("x", {Kind::kInput, 0, 0}, c_type(x.dtype));
  text.pointer("boxes", {Kind::kInput, 1, 0}, c_type(boxes.dtype));
  text.pointer("fault", {Kind::kFault, 0, 0}, "Fault");
  return text;
}
std::string corner(const Operand& boxes, int i) {
  return strings::join("to_f32(boxes[p0 * ", boxes.strides[0], "ll + ", i * boxes.strides[1], "ll])");
}

constexpr std::string_view kRoiText = R"(
struct RoiLine { float start, bin; int count; };
struct RoiTaps { int low, high; float share; bool inside; };
__device__ __forceinline__ RoiLine roi_line(float begin, float end, int bins) {
  const float start = begin * SCALE - OFFSET;
  float length = end * SCALE - OFFSET - start;
  if (OFFSET == 0.f) length = fmaxf(length, 1.f);
  RoiLine out = {start, length / bins, 0};
  const float wanted = SAMPLES > 0 ? (float)SAMPLES : ceilf(out.bin);
  out.count = wanted > 0.f ? (int)fminf(wanted, 4096.f) : 0;
  return out;
}
__device__ __forceinline__ RoiTaps roi_taps(const RoiLine& line, int bin, int sample, int size) {
  const float within = (sample + 0.5f) * line.bin / line.count;
  float at = line.start + bin * line.bin + within;
  RoiTaps out = {0, 0, 0.f, at >= -1.f && at <= (float)size};
  if (!out.inside) return out;
  at = fminf(fmaxf(at, 0.f), (float)(size - 1));
  out.low = (int)at;
  out.share = at - out.low;
  out.high = out.low + 1 < size ? out.low + 1 : size - 1;
  return out;
}
)";

Result<TextWork> align(const Problem& problem, const RoiAlign& op) {
  const Operand& x = problem.inputs[0];
  const Operand& boxes = problem.inputs[1];
  const Operand& batches = problem.inputs[2];
  if (!is_integer(batches.dtype) || c_type(batches.dtype).empty()) return unsupported("indices of ", batches.dtype);
  TRY(ElementText text, of_boxes(problem, "roi_align"));
  text.pointer("batches", {Kind::kInput, 2, 0}, c_type(batches.dtype));
  const std::string type(c_type(x.dtype));
  const auto read = [&](std::string_view row, std::string_view column) {
    return strings::join("to_f32(plane[", row, " * ", x.strides[2], "ll + ", column, " * ", x.strides[3], "ll])");
  };
  const bool largest = op.mode == RoiMode::kMax;
  std::string body = strings::join(
      "  const int64_t picture = picture_of((double)batches[p0 * ", batches.strides[0], "ll], ", x.dims[0],
      "ll, fault);\n  const ", type, "* const plane = x + picture * ", x.strides[0], "ll + p1 * ", x.strides[1],
      "ll;\n  const RoiLine down = roi_line(", corner(boxes, 1), ", ", corner(boxes, 3), ", ", op.output_height,
      "), across = roi_line(", corner(boxes, 0), ", ", corner(boxes, 2), ", ", op.output_width,
      ");\n  float sum = 0.f;\n  for (int i = 0; i < down.count; ++i)\n  for (int j = 0; j < across.count; ++j) {\n"
      "    const RoiTaps a = roi_taps(down, (int)p2, i, ",
      x.dims[2], "), b = roi_taps(across, (int)p3, j, ", x.dims[3],
      ");\n    const bool inside = a.inside && b.inside;\n    const float v00 = inside ? (1.f - a.share) * (1.f - "
      "b.share) * ",
      read("a.low", "b.low"), " : 0.f, v01 = inside ? (1.f - a.share) * b.share * ", read("a.low", "b.high"),
      " : 0.f,\n      v10 = inside ? a.share * (1.f - b.share) * ", read("a.high", "b.low"),
      " : 0.f, v11 = inside ? a.share * b.share * ", read("a.high", "b.high"), " : 0.f;\n");
  body += largest ? "    const float most = fn_max(fn_max(v00, v01), fn_max(v10, v11));\n    sum = i == 0 && j == 0 ? "
                    "most : fn_max(sum, most);\n  }\n"
                  : "    sum += v00 + v01 + v10 + v11;\n  }\n  const int count = down.count * across.count;\n  sum /= "
                    "count > 1 ? count : 1;\n";
  body += strings::join("  y[", offset_text(problem.outputs[0].strides), "] = Store<", type, ">::from(sum);\n");
  const std::string before =
      strings::join("#define SCALE ", number_text(static_cast<double>(op.spatial_scale)), "\n#define OFFSET ",
                    op.half_pixel ? "0.5f" : "0.f", "\n#define SAMPLES ", op.sampling_ratio, "\n", kRoiText);
  return one_launch(text.finish(body, before, {"-fmad=false"}), problem,
                    static_cast<double>(problem.outputs[0].count()));
}

Result<TextWork> max_roi(const Problem& problem, const MaxRoiPool& op) {
  const Operand& x = problem.inputs[0];
  const Operand& boxes = problem.inputs[1];
  TRY(ElementText text, of_boxes(problem, "max_roi_pool"));
  const std::string type(c_type(x.dtype));
  std::string body = strings::join("  const int64_t picture = picture_of((double)", corner(boxes, 0), ", ", x.dims[0],
                                   "ll, fault);\n  const ", type, "* const plane = x + picture * ", x.strides[0],
                                   "ll + p1 * ", x.strides[1], "ll;\n");
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t bins = op.pooled_shape[static_cast<std::size_t>(axis)];
    const std::string scale = number_text(static_cast<double>(op.spatial_scale), Arithmetic::kF64);
    const std::string first = strings::join("round((double)", corner(boxes, axis == 0 ? 2 : 1), " * ", scale, ")");
    const std::string last = strings::join("round((double)", corner(boxes, axis == 0 ? 4 : 3), " * ", scale, ")");
    const std::int64_t size = x.dims[static_cast<std::size_t>(axis) + 2];
    body += strings::join("  const double first", axis, " = ", first, ", length", axis, " = fmax(", last, " - first",
                          axis, " + 1., 1.) / ", bins, ";\n  const int64_t begin", axis, " = clamped(floor(p", axis + 2,
                          " * length", axis, ") + first", axis, ", ", size, "), end", axis, " = clamped(ceil((p",
                          axis + 2, " + 1) * length", axis, ") + first", axis, ", ", size, ");\n");
  }
  body += strings::join(
      "  float most = begin0 >= end0 || begin1 >= end1 ? 0.f : -__int_as_float(0x7f800000);\n"
      "  for (int64_t i = begin0; i < end0; ++i)\n  for (int64_t j = begin1; j < end1; ++j) {\n"
      "    const float v = to_f32(plane[i * ",
      x.strides[2], "ll + j * ", x.strides[3], "ll]);\n    if (v > most) most = v;\n  }\n  y[",
      offset_text(problem.outputs[0].strides), "] = Store<", type, ">::from(most);\n");
  return one_launch(text.finish(body,
                                "__device__ __forceinline__ int64_t clamped(double at, int64_t size) {\n"
                                "  return !(at > 0.) ? 0 : at < (double)size ? (int64_t)at : size;\n}\n",
                                {"-fmad=false"}),
                    problem, static_cast<double>(problem.outputs[0].count()));
}

Result<TextWork> col2im(const Problem& problem, const Col2Im& op) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (problem.inputs[1].constant == nullptr || problem.inputs[2].constant == nullptr)
    return unsupported("sizes that are computed");
  TRY(const Dims image, to_i64(*problem.inputs[1].constant));
  TRY(const Dims kernel, to_i64(*problem.inputs[2].constant));
  TRY(const auto axes, window_axes("Col2Im", op.window(), kernel, image));
  TRY(const Arithmetic arithmetic, number_arithmetic(x.dtype));
  const std::string_view number = c_type(arithmetic);
  std::int64_t taps = 1;
  for (const std::int64_t size : kernel) taps *= size;
  ElementText text("col2im", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, c_type(x.dtype)).pointer("x", {Kind::kInput, 0, 0}, c_type(x.dtype));
  std::string body =
      strings::join("  ", number, " sum = 0;\n  for (int64_t tap = 0; tap < ", taps,
                    "; ++tap) {\n    int64_t rest = tap, block = 0, step = 1;\n    bool inside = true;\n");
  for (std::size_t a = axes.size(); a-- > 0;) {
    const WindowAxis& axis = axes[a];
    body += strings::join("    { const int64_t at = p", a + 2, " + ", axis.before, "ll - rest % ", axis.kernel, " * ",
                          axis.dilation, "ll; rest /= ", axis.kernel, "; inside = inside && at >= 0 && at % ",
                          axis.stride, " == 0 && at / ", axis.stride, " < ", axis.out, "; block += at / ", axis.stride,
                          " * step; step *= ", axis.out, "; }\n");
  }
  body += strings::join("    if (inside) sum += Load<", number, ">::from(x[p0 * ", x.strides[0], "ll + (p1 * ", taps,
                        "ll + tap) * ", x.strides[1], "ll + block * ", x.strides[2], "ll]);\n  }\n  y[",
                        offset_text(y.strides), "] = Store<", c_type(x.dtype), ">::from(sum);\n");
  return one_launch(text.finish(body), problem, static_cast<double>(y.count() * taps) / 8);
}

Result<TextWork> box_work(const Problem& problem) {
  if (const auto* op = problem.op->as<RoiAlign>()) return align(problem, *op);
  if (const auto* op = problem.op->as<MaxRoiPool>()) return max_roi(problem, *op);
  if (const auto* op = problem.op->as<Col2Im>()) return col2im(problem, *op);
  return unsupported(problem.op->name());
}

/// Numerics  positions and sums in f32
constexpr TextTactic kBoxes("cuda.boxes", 1, box_work);

}  // namespace

std::span<const Tactic* const> box_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kBoxes};
  return kAll;
}

}  // namespace bolide::cuda
