#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/lrn.h"
#include "ops/pool.h"

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

Result<TextWork> lrn_work(const Problem& problem, const LRN& op) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.dtype == DataType::kF64) return unsupported("f64");
  Dims rest = x.strides;
  rest[1] = 0;
  ElementText text("lrn", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, c_type(x.dtype)).pointer("x", {Kind::kInput, 0, 0}, c_type(x.dtype));
  const auto number = [](double value) { return number_text(value, Arithmetic::kF32); };
  TextWork work;
  TRY(TextLaunch launch,
      text.finish(strings::join(
          "  const int64_t at = ", offset_text(rest), ", first = p1 - ", (op.size - 1) / 2, "ll, last = p1 + ",
          op.size / 2, "ll;\n  float sum = 0.f;\n  for (int64_t c = first < 0 ? 0 : first; c <= last && c < ",
          x.dims[1], "; ++c) { const float v = to_f32(x[at + c * ", x.strides[1], "ll]); sum += v * v; }\n  y[",
          offset_text(y.strides), "] = Store<", c_type(x.dtype), ">::from(to_f32(x[", offset_text(x.strides),
          "]) / powf(", number(static_cast<double>(op.bias)), " + ",
          number(static_cast<double>(op.alpha) / static_cast<double>(op.size)), " * sum, ",
          number(static_cast<double>(op.beta)), "));\n")));
  work.launches.push_back(std::move(launch));
  work.operations = static_cast<double>(x.count() * op.size) / 8;
  return work;
}

/// Loops over the window of a thread's element: `at` is the offset inside the plane, `flat` the place in x's dims.
std::string window_loops(std::span<const WindowAxis> axes, const Operand& x, const Dims& flat_strides,
                         std::string_view inner) {
  std::string out;
  std::string at = "0";
  std::string flat = "0";
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const WindowAxis& axis = axes[a];
    out += strings::join("  for (int64_t k", a, " = 0; k", a, " < ", axis.kernel, "; ++k", a, ") {\n  const int64_t i",
                         a, " = p", a + 2, " * ", axis.stride, "ll - ", axis.before, "ll + k", a, " * ", axis.dilation,
                         "ll;\n  if (i", a, " < 0 || i", a, " >= ", axis.in, ") continue;\n");
    at += strings::join(" + i", a, " * ", x.strides[a + 2], "ll");
    flat += strings::join(" + i", a, " * ", flat_strides[a], "ll");
  }
  out += strings::join("  const int64_t at = ", at, ", flat = ", flat, ";\n", inner);
  for (std::size_t a = 0; a < axes.size(); ++a) out += "  }\n";
  return out;
}

Result<TextWork> max_work(const Problem& problem, const MaxPool& op) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (problem.outputs.size() < 2 || problem.outputs[1].absent) return unsupported("the largest alone");
  if (y.absent) return unsupported("the places alone");
  const Operand& places = problem.outputs[1];
  TRY(const auto axes, window_axes("MaxPool", op.window(), op.kernel, std::span(x.dims).subspan(2)));
  TRY(const Arithmetic arithmetic, number_arithmetic(x.dtype));
  const std::string_view number = c_type(arithmetic);
  // Row-major over all of x, or column-major within the spatial dims.
  const Dims own = contiguous_strides(x.dims);
  Dims flat(own.begin() + 2, own.end());
  if (op.storage_order == 1) {
    std::int64_t step = 1;
    for (std::size_t a = 0; a < flat.size(); ++a) {
      flat[a] = step;
      step *= x.dims[a + 2];
    }
  }
  ElementText text("max_pool", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, c_type(x.dtype)).pointer("places", {Kind::kOutput, 1, 0}, "int64_t");
  text.pointer("x", {Kind::kInput, 0, 0}, c_type(x.dtype));
  const std::string_view least = arithmetic == Arithmetic::kI64   ? "(-9223372036854775807ll - 1)"
                                 : arithmetic == Arithmetic::kF64 ? "-__longlong_as_double(0x7ff0000000000000ll)"
                                                                  : "-__int_as_float(0x7f800000)";
  std::string body = strings::join("  const ", c_type(x.dtype), "* const plane = x + p0 * ", x.strides[0], "ll + p1 * ",
                                   x.strides[1], "ll;\n  ", number, " most = ", least, ";\n  int64_t place = -1;\n");
  body += window_loops(axes, x, flat,
                       strings::join("  const ", number, " v = Load<", number,
                                     ">::from(plane[at]);\n  if (place < 0 || v > most || (v != v && most == most)) { "
                                     "most = v; place = flat; }\n"));
  body += strings::join("  y[", offset_text(y.strides), "] = Store<", c_type(x.dtype), ">::from(most);\n  places[",
                        offset_text(places.strides), "] = place < 0 ? place : place + p0 * ", own[0], "ll + p1 * ",
                        own[1], "ll;\n");
  TextWork work;
  TRY(TextLaunch launch, text.finish(body));
  work.launches.push_back(std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()));
  return work;
}

Result<TextWork> lp_work(const Problem& problem, const LpPool& op) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.dtype == DataType::kF64) return unsupported("f64");
  const WindowAttributes window = {op.strides, op.pads, op.dilations, op.auto_pad, op.ceil_mode};
  TRY(const auto axes, window_axes("LpPool", window, op.kernel, std::span(x.dims).subspan(2)));
  const std::string p = number_text(static_cast<double>(op.p), Arithmetic::kF32);
  ElementText text("lp_pool", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, c_type(x.dtype)).pointer("x", {Kind::kInput, 0, 0}, c_type(x.dtype));
  std::string body = strings::join("  const ", c_type(x.dtype), "* const plane = x + p0 * ", x.strides[0], "ll + p1 * ",
                                   x.strides[1], "ll;\n  float sum = 0.f;\n");
  const std::string term = op.p == 1 ? "fabsf(v)" : op.p == 2 ? "v * v" : strings::join("powf(fabsf(v), ", p, ")");
  body += window_loops(axes, x, Dims(axes.size(), 0),
                       strings::join("  (void)flat;\n  const float v = to_f32(plane[at]);\n  sum += ", term, ";\n"));
  body += strings::join("  y[", offset_text(y.strides), "] = Store<", c_type(x.dtype), ">::from(",
                        op.p == 1   ? "sum"
                        : op.p == 2 ? "sqrtf(sum)"
                                    : strings::join("powf(sum, 1.f / ", p, ")"),
                        ");\n");
  TextWork work;
  TRY(TextLaunch launch, text.finish(body));
  work.launches.push_back(std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()));
  return work;
}

Result<TextWork> window_work(const Problem& problem) {
  if (c_type(problem.inputs[0].dtype).empty()) return unsupported(problem.inputs[0].dtype);
  if (const auto* op = problem.op->as<LRN>()) return lrn_work(problem, *op);
  if (const auto* op = problem.op->as<MaxPool>()) return max_work(problem, *op);
  if (const auto* op = problem.op->as<LpPool>()) return lp_work(problem, *op);
  return unsupported(problem.op->name());
}

/// Numerics  sums in f32, in order
constexpr TextTactic kWindow("cuda.window", 1, window_work);

}  // namespace

std::span<const Tactic* const> window_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kWindow};
  return kAll;
}

}  // namespace bolide::cuda
