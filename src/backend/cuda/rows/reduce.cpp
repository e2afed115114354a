#include "ops/reduce.h"
#include "backend/cuda/cuda_target.h"
#include "backend/cuda/rows/row_text.h"
#include "backend/cuda/rows/tactics.h"
#include "backend/cuda/text/expr_text.h"
#include "ops/axis.h"
#include "ops/order.h"

namespace bolide::cuda {
namespace {

/// The strides of the result over the dims of x, 0 along those that go.
Dims result_strides(const Operand& x, const Operand& y, const std::vector<bool>& reduced, bool keepdims) {
  Dims strides(x.dims.size(), 0);
  std::size_t at = 0;
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    if (!reduced[d]) strides[d] = y.strides[at];
    if (!reduced[d] || keepdims) ++at;
  }
  return strides;
}

/// How a kind of reduction is written: what a number adds, how parts join, what is stored.
struct ReduceText {
  std::string start;
  std::string step;
  std::string operation;
  std::string end;
};

ReduceText reduce_text(ReduceKind kind, bool integers, std::int64_t count) {
  const std::string low = integers ? "(-9223372036854775807ll - 1)" : "-__int_as_float(0x7f800000)";
  const std::string high = integers ? "9223372036854775807ll" : "__int_as_float(0x7f800000)";
  switch (kind) {
    case ReduceKind::kSum: return {"0", "sum += x;", "Sum", "sum"};
    case ReduceKind::kMean:
      return {"0", "sum += x;", "Sum",
              integers ? strings::join("sum / ", count, "ll")
                       : strings::join("sum * ", number_text(1.0 / static_cast<double>(count)))};
    case ReduceKind::kMax: return {low, "sum = fn_max(sum, x);", "Most", "sum"};
    case ReduceKind::kMin: return {high, "sum = fn_min(sum, x);", "Least", "sum"};
    case ReduceKind::kProd: return {"1", "sum *= x;", "Product", "sum"};
    case ReduceKind::kL1: return {"0", "sum += x < 0 ? -x : x;", "Sum", "sum"};
    case ReduceKind::kL2: return {"0", "sum += x * x;", "Sum", "sqrtf(sum)"};
    case ReduceKind::kLogSum: return {"0", "sum += x;", "Sum", "logf(sum)"};
    case ReduceKind::kLogSumExp: return {"0", "sum += expf(x - most);", "Sum", "most + logf(sum)"};
    case ReduceKind::kSumSquare: return {"0", "sum += x * x;", "Sum", "sum"};
  }
  return {};
}

struct ReduceRows {
  RowText rows;
  ReduceKind kind = ReduceKind::kSum;
  bool integers = false;
};

Result<ReduceRows> reduce_rows(const Problem& problem) {
  const auto* op = problem.op->as<Reduce>();
  if (op == nullptr) return unsupported("not a Reduce");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  Dims axes = op->axes;
  if (problem.inputs.size() > 1 && !problem.inputs[1].absent) {
    if (problem.inputs[1].constant == nullptr) return unsupported("axes that are computed");
    TRY(axes, to_i64(*problem.inputs[1].constant));
  }
  if (x.dtype == DataType::kF64) return unsupported("f64");
  ReduceRows out{.kind = op->kind,
                 .integers = !is_float(y.dtype) && (is_integer(x.dtype) || x.dtype == DataType::kBool)};
  const bool roots =
      op->kind == ReduceKind::kL2 || op->kind == ReduceKind::kLogSum || op->kind == ReduceKind::kLogSumExp;
  if (out.integers && roots) return unsupported("roots and logarithms of integers");
  std::vector<bool> reduced(x.dims.size(), axes.empty() && !op->noop_with_empty_axes);
  for (const std::int64_t axis : axes) {
    TRY(const std::size_t d, normalize_axis(axis, x.rank()));
    reduced[d] = true;
  }
  TRY(out.rows,
      RowText::make(
          x.dims, reduced,
          {{"from", x.dtype, x.strides, false, {AddressArg::Kind::kInput, 0}},
           {"to_y", y.dtype, result_strides(x, y, reduced, op->keepdims), true, {AddressArg::Kind::kOutput, 0}}},
          out.integers ? "int64_t" : "float"));
  return out;
}

/// Numerics  floats in FP32, lanes first and then together; integers in 64 bits
class ReduceTactic final : public Tactic {
 public:
  constexpr ReduceTactic() : Tactic("cuda.reduce", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto rows = reduce_rows(problem);
    return rows ? accept() : reject(rows.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Operand& x = problem.inputs[0];
    return estimate_cuda_us(cuda_target(target), static_cast<double>(bolide::packed_bytes(x.dtype, x.count())));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(ReduceRows work, reduce_rows(problem));
    const ReduceText text = reduce_text(work.kind, work.integers, work.rows.row_size());
    const std::string number = work.integers ? "int64_t" : "float";
    TRY(TextLaunch launch, work.rows.launch("reduce", [&](const RowText& row) {
      std::string out;
      if (work.kind == ReduceKind::kLogSumExp) {
        out += strings::join("  float most = -__int_as_float(0x7f800000);\n", row.each("most = fn_max(most, x);"),
                             "  most = ", row.all("Most", "most"),
                             ";\n  if (isinf(most)) most = most > 0 ? most : 0.f;\n");
      }
      out += strings::join("  ", number, " sum = ", text.start, ";\n", row.each(text.step),
                           "  sum = ", row.all(text.operation, "sum"), ";\n", row.store_once(1, text.end));
      return out;
    }));
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

struct ArgRows {
  RowText rows;
  bool largest = true;
  bool last = false;
};

Result<ArgRows> arg_rows(const Problem& problem) {
  const auto* most = problem.op->as<ArgMax>();
  const auto* least = problem.op->as<ArgMin>();
  if (most == nullptr && least == nullptr) return unsupported("neither ArgMax nor ArgMin");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.dtype == DataType::kF64 || (is_integer(x.dtype) && bit_width(x.dtype) > 16)) return unsupported(x.dtype);
  ArgRows out{.largest = most != nullptr, .last = most != nullptr ? most->select_last_index : least->select_last_index};
  TRY(const std::size_t axis, normalize_axis(most != nullptr ? most->axis : least->axis, x.rank()));
  const bool keepdims = most != nullptr ? most->keepdims : least->keepdims;
  std::vector<bool> reduced(x.dims.size(), false);
  reduced[axis] = true;
  TRY(out.rows,
      RowText::make(
          x.dims, reduced,
          {{"from", x.dtype, x.strides, false, {AddressArg::Kind::kInput, 0}},
           {"to_y", y.dtype, result_strides(x, y, reduced, keepdims), true, {AddressArg::Kind::kOutput, 0}}}));
  return out;
}

/// Numerics  NaN counts as larger and smaller than all, as in the reference; of equals the first or the last
class ArgTactic final : public Tactic {
 public:
  constexpr ArgTactic() : Tactic("cuda.arg_reduce", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto rows = arg_rows(problem);
    return rows ? accept() : reject(rows.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Operand& x = problem.inputs[0];
    return estimate_cuda_us(cuda_target(target), static_cast<double>(bolide::packed_bytes(x.dtype, x.count())));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(ArgRows work, arg_rows(problem));
    TRY(TextLaunch launch, work.rows.launch("arg", [&](const RowText& row) {
      // The best number first, then its first or last place: two passes, each in any order.
      const std::string extreme = work.largest ? "Most" : "Least";
      const std::string start = work.largest ? "-__int_as_float(0x7f800000)" : "__int_as_float(0x7f800000)";
      const std::string better = work.largest ? "fn_max" : "fn_min";
      const std::string none = work.last ? "-1" : "2147483647";
      return strings::join(
          "  float best = ", start, ";\n", row.each(strings::join("best = ", better, "(best, x);")),
          "  best = ", row.all(extreme, "best"), ";\n  int place = ", none, ";\n",
          row.each(strings::join("if (x == best || (x != x && best != best)) place = ", work.last ? "max" : "min",
                                 "(place, (int)g * ", row.width(), " + e);")),
          "  place = (int)", row.all(work.last ? "Most" : "Least", "(int64_t)place"), ";\n",
          row.store_once(1, "(int64_t)place"));
    }));
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

constexpr ReduceTactic kReduce;
constexpr ArgTactic kArg;

}  // namespace

std::span<const Tactic* const> reduce_tactics() {
  static constexpr std::array<const Tactic*, 2> kTactics = {&kReduce, &kArg};
  return kTactics;
}

}  // namespace bolide::cuda
