#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/axis.h"
#include "ops/lrn.h"
#include "ops/order.h"
#include "ops/softmax.h"
#include "tensor/number.h"

namespace bolide::cuda {
namespace {

/// A thread a line of x and y along `axis`: `x_at` and `y_at` are where it begins.
struct Line {
  ElementText text;
  std::string body;
  std::int64_t size = 0;
  std::int64_t x_step = 0;
  std::int64_t y_step = 0;
};

Result<Line> line_of(const Problem& problem, std::int64_t given, std::string_view name) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  TRY(const std::size_t axis, normalize_axis(given, x.rank()));
  if (c_type(x.dtype).empty() || c_type(y.dtype).empty()) return unsupported("numbers of ", x.dtype);
  Dims dims = y.dims;
  Dims from = x.strides;
  Dims to = y.strides;
  dims[axis] = 1;
  from[axis] = to[axis] = 0;
  ElementText text(name, dims, y.strides);
  text.pointer("y", {AddressArg::Kind::kOutput, 0, 0}, c_type(y.dtype));
  text.pointer("x", {AddressArg::Kind::kInput, 0, 0}, c_type(x.dtype));
  return Line{std::move(text),
              strings::join("  const int64_t x_at = ", offset_text(from), ", y_at = ", offset_text(to), ";\n"),
              x.dims[axis], x.strides[axis], y.strides[axis]};
}

Result<TextWork> finished(const Problem& problem, const Line& line) {
  TextWork work;
  TRY(TextLaunch launch, line.text.finish(line.body, {}, {"-fmad=false"}));
  work.launches.push_back(std::move(launch));
  const Operand& x = problem.inputs[0];
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()));
  work.operations = static_cast<double>(x.count());
  return work;
}

Result<TextWork> running_work(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const auto* sum = problem.op->as<CumSum>();
  const auto* product = problem.op->as<CumProd>();
  const bool exclusive = sum != nullptr ? sum->exclusive : product->exclusive;
  const bool reverse = sum != nullptr ? sum->reverse : product->reverse;
  if (problem.inputs[1].constant == nullptr) return unsupported("an axis that is computed");
  TRY(const Dims axis, to_i64(*problem.inputs[1].constant));
  if (axis.size() != 1) return unsupported(axis.size(), " axes");
  TRY(const Arithmetic arithmetic, number_arithmetic(x.dtype));
  TRY(Line line, line_of(problem, axis[0], "running"));
  const std::string_view number = c_type(arithmetic);
  const bool integers = arithmetic == Arithmetic::kI64;
  const std::string_view next = sum != nullptr ? (integers ? "(int64_t)((uint64_t)sum + (uint64_t)v)" : "sum + v")
                                               : (integers ? "(int64_t)((uint64_t)sum * (uint64_t)v)" : "sum * v");
  line.body += strings::join(
      "  ", number, " sum = ", sum != nullptr ? 0 : 1, ";\n#pragma unroll 4\n  for (int64_t i = 0; i < ", line.size,
      "ll; ++i) {\n    const int64_t at = ", reverse ? strings::join(line.size - 1, "ll - i") : "i", ";\n    const ",
      number, " v = Load<", number, ">::from(x[x_at + at * ", line.x_step, "ll]), next = ", next,
      ";\n    y[y_at + at * ", line.y_step, "ll] = Store<", c_type(x.dtype), ">::from(", exclusive ? "sum" : "next",
      ");\n    sum = next;\n  }\n");
  return finished(problem, line);
}

Result<TextWork> lp_work(const Problem& problem) {
  const auto& op = *problem.op->as<LpNormalization>();
  const Operand& x = problem.inputs[0];
  if (x.dtype == DataType::kF64) return unsupported("f64");
  TRY(Line line, line_of(problem, op.axis, "lp_normalization"));
  const std::string loop =
      strings::join("  for (int64_t i = 0; i < ", line.size,
                    "ll; ++i) {\n    const float v = Load<float>::from(x[x_at + i * ", line.x_step, "ll]);\n");
  line.body +=
      strings::join("  float sum = 0;\n", loop, op.p == 1 ? "    sum += fabsf(v);\n  }\n" : "    sum += v * v;\n  }\n",
                    op.p == 1 ? "" : "  sum = sqrtf(sum);\n", loop, "    y[y_at + i * ", line.y_step, "ll] = Store<",
                    c_type(x.dtype), ">::from(sum == 0 ? 0.f : v / sum);\n  }\n");
  return finished(problem, line);
}

Result<TextWork> hardmax_work(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  TRY(const Arithmetic arithmetic, number_arithmetic(x.dtype));
  TRY(Line line, line_of(problem, problem.op->as<Hardmax>()->axis, "hardmax"));
  const std::string_view number = c_type(arithmetic);
  line.body += strings::join("  int64_t best = 0;\n  ", number, " most = Load<", number,
                             ">::from(x[x_at]);\n  for (int64_t i = 1; i < ", line.size, "ll; ++i) {\n    const ",
                             number, " v = Load<", number, ">::from(x[x_at + i * ", line.x_step,
                             "ll]);\n    if (v > most) { most = v; best = i; }\n  }\n  for (int64_t i = 0; i < ",
                             line.size, "ll; ++i) y[y_at + i * ", line.y_step, "ll] = Store<", c_type(x.dtype),
                             ">::from((", number, ")(i == best ? 1 : 0));\n");
  return finished(problem, line);
}

Result<TextWork> line_work(const Problem& problem) {
  if (problem.outputs[0].count() == 0) return unsupported("no elements");
  if (problem.op->is<LpNormalization>()) return lp_work(problem);
  if (problem.op->is<Hardmax>()) return hardmax_work(problem);
  return running_work(problem);
}

/// Numerics  running sums: one after the other, as the reference; norms in f32
constexpr TextTactic kLine("cuda.line", 1, line_work);

}  // namespace

std::span<const Tactic* const> line_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kLine};
  return kAll;
}

}  // namespace bolide::cuda
