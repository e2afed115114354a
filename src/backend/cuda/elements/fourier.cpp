#include "ops/fourier.h"

#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/axis.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

constexpr std::int64_t kMostLength = 1 << 14;  // the work grows with its square
constexpr double kMostTerms = 4e11;

/// One transform for each place of y without its last axis: that of `used` elements from `begin` on, `step` apart.
struct Transform {
  std::int64_t length = 0;
  std::int64_t used = 0;
  bool inverse = false;
  bool mirrored = false;  // the elements beyond half of the length are conjugates of those before
  std::string begin;      // of p0, p1, ...
  std::int64_t step = 0;
  std::size_t bin = 0;      // which p is the bin
  bool has_window = false;  // input 2
};

/// The one integer of an input that is a constant.
Result<std::int64_t> integer(const Problem& problem, std::size_t input) {
  const Tensor* value = problem.inputs[input].constant;
  if (value == nullptr) return unsupported("a number that is computed, input ", input);
  TRY(const Dims numbers, to_i64(*value));
  if (numbers.size() != 1) return unsupported(numbers.size(), " numbers as input ", input);
  return numbers[0];
}

bool is_given(const Problem& problem, std::size_t input) {
  return problem.inputs.size() > input && !problem.inputs[input].absent;
}

Result<Transform> transform_of(const Problem& problem, const DFT& op) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  std::int64_t given = op.axis;
  if (is_given(problem, 2)) {
    TRY(given, integer(problem, 2));
  }
  TRY(const std::size_t axis, normalize_axis(given, x.rank()));
  Transform out{.inverse = op.inverse, .mirrored = op.inverse && op.onesided, .step = x.strides[axis], .bin = axis};
  out.length = op.onesided && !op.inverse ? x.dims[axis] : y.dims[axis];
  if (op.onesided && !op.inverse && is_given(problem, 1)) {
    TRY(out.length, integer(problem, 1));
  }
  out.used = std::min(x.dims[axis], out.mirrored ? out.length / 2 + 1 : out.length);
  Dims strides = x.strides;
  strides[axis] = strides.back() = 0;
  out.begin = offset_text(strides);
  return out;
}

Result<Transform> transform_of(const Problem& problem, const STFT&) {
  const Operand& x = problem.inputs[0];
  Transform out{.step = x.strides[1], .bin = 2, .has_window = is_given(problem, 2)};
  TRY(const std::int64_t hop, integer(problem, 1));
  out.length = out.has_window ? problem.inputs[2].dims[0] : x.dims[1];
  if (!out.has_window && is_given(problem, 3)) {
    TRY(out.length, integer(problem, 3));
  }
  out.used = out.length;
  out.begin = strings::join("p0 * ", x.strides[0], "ll + p1 * ", hop * x.strides[1], "ll");
  return out;
}

/// A table of the roots of one, then a thread a bin, which goes through the elements.
Result<TextWork> fourier_work(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (y.count() == 0 || x.count() == 0) return unsupported("no elements");
  const auto* dft = problem.op->as<DFT>();
  TRY(const Transform t, dft != nullptr ? transform_of(problem, *dft) : transform_of(problem, *problem.op->as<STFT>()));
  if (t.length < 1 || t.length > kMostLength) return unsupported("transforms of ", t.length, " elements");
  const double terms = static_cast<double>(y.count()) * static_cast<double>(t.used);
  if (terms > kMostTerms) return unsupported(y.count(), " results of ", t.length, " elements");
  TRY(const Arithmetic arithmetic, number_arithmetic(x.dtype));
  const std::string_view number = c_type(arithmetic);
  const bool complex = x.dims.back() == 2;
  const bool real_result = y.dims.back() == 1;
  TextWork work;
  work.workspace = static_cast<std::size_t>(t.length) * 16;
  ElementText table("roots", {t.length}, {1});
  table.pointer("table", {Kind::kWorkspace, 0, 0}, number);
  TRY(TextLaunch roots, table.finish(strings::join("  double s, c;\n  sincospi(2. * (double)p0 / ", t.length,
                                                   ", &s, &c);\n  table[2 * p0] = (", number,
                                                   ")c;\n  table[2 * p0 + "
                                                   "1] = (",
                                                   number, ")", t.inverse ? "" : "-", "s;\n")));
  work.launches.push_back(std::move(roots));
  Dims places = y.dims;
  places.back() = 1;
  ElementText text("fourier", places, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, c_type(y.dtype)).pointer("x", {Kind::kInput, 0, 0}, c_type(x.dtype));
  text.pointer("table", {Kind::kWorkspace, 0, 0}, strings::join("const ", number));
  std::string window;
  if (t.has_window) {
    const Operand& w = problem.inputs[2];
    if (c_type(w.dtype).empty()) return unsupported("a window of ", w.dtype);
    text.pointer("window", {Kind::kInput, 2, 0}, c_type(w.dtype));
    window = strings::join(" * Load<", number, ">::from(window[i * ", w.strides[0], "ll])");
  }
  const auto part = [&](int index) {
    if (index == 1 && !complex) return strings::join("(", number, ")0");
    return strings::join("Load<", number, ">::from(line[i * ", t.step, "ll + ", index * x.strides.back(), "ll])",
                         window);
  };
  const std::string length = strings::join(t.length);
  std::string body = strings::join(
      "  const ", c_type(x.dtype), "* const line = x + ", t.begin, ";\n  const int k = (int)p", t.bin, ";\n  ", number,
      " re = 0, im = 0;\n  int at = 0;\n#pragma unroll 4\n  for (int i = 0; i < ", t.used, "; ++i) {\n    const ",
      number, " c = table[2 * at], s = table[2 * at + 1], a = ", part(0), ", b = ", part(1),
      ";\n    re += a * c - b * s;\n    im += a * s + b * c;\n    at += k;\n    if (at >= ", length, ") at -= ", length,
      ";\n  }\n");
  if (t.mirrored) {
    body += strings::join("  for (int j = ", t.length / 2 + 1, "; j < ", length, "; ++j) {\n    const int i = ", length,
                          " - j;\n    if (i >= ", t.used, ") continue;\n    at = (int)((int64_t)j * k % ", length,
                          ");\n    const ", number, " c = table[2 * at], s = table[2 * at + 1], a = ", part(0),
                          ", b = -", part(1), ";\n    re += a * c - b * s;\n    im += a * s + b * c;\n  }\n");
  }
  const std::string share = t.inverse ? strings::join(" * (", number, ")(1. / ", length, ")") : "";
  const std::string store = strings::join("Store<", c_type(y.dtype), ">::from");
  Dims strides = y.strides;
  strides.back() = 0;
  body += strings::join("  ", c_type(y.dtype), "* const to = y + ", offset_text(strides), ";\n  *to = ", store, "(re",
                        share, ");\n");
  if (!real_result) body += strings::join("  to[", y.strides.back(), "ll] = ", store, "(im", share, ");\n");
  TRY(TextLaunch sums, text.finish(body));
  work.launches.push_back(std::move(sums));
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()));
  work.operations = terms;
  return work;
}

/// Numerics  sums in f32 (f64 of f64)
constexpr TextTactic kFourier("cuda.fourier", 1, fourier_work);

}  // namespace

std::span<const Tactic* const> fourier_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kFourier};
  return kAll;
}

}  // namespace bolide::cuda
