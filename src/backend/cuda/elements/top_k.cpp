#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/axis.h"
#include "ops/order.h"

namespace bolide::cuda {
namespace {

/// Each element counts those that stand before it; the first k write themselves.
Result<TextWork> top_k_work(const Problem& problem) {
  constexpr double kMostComparisons = 4e10;
  const auto& op = *problem.op->as<TopK>();
  const Operand& x = problem.inputs[0];
  const bool values = !problem.outputs[0].absent;
  const bool places = problem.outputs.size() > 1 && !problem.outputs[1].absent;
  if (!values && !places) return unsupported("nothing that is read");
  const Operand& y = problem.outputs[values ? 0 : 1];
  TRY(const std::size_t axis, normalize_axis(op.axis, x.rank()));
  TRY(const Arithmetic arithmetic, number_arithmetic(x.dtype));
  const std::int64_t size = x.dims[axis];
  const std::int64_t k = y.dims[axis];
  const double comparisons = static_cast<double>(x.count()) * static_cast<double>(size);
  if (y.count() == 0) return unsupported("no elements");
  if (comparisons > kMostComparisons) return unsupported("lines of ", size, " elements");
  const std::string_view number = c_type(arithmetic);
  ElementText text("top_k", x.dims, x.strides);
  text.pointer("x", {AddressArg::Kind::kInput, 0, 0}, c_type(x.dtype));
  if (values) text.pointer("values", {AddressArg::Kind::kOutput, 0, 0}, c_type(x.dtype));
  if (places) text.pointer("places", {AddressArg::Kind::kOutput, 1, 0}, "int64_t");
  Dims rows = x.strides;
  rows[axis] = 0;
  const std::string me = strings::join("p", axis);
  std::string body = strings::join(
      "  const int64_t line = ", offset_text(rows), ";\n  const ", c_type(x.dtype), " mine = x[line + ", me, " * ",
      x.strides[axis], "ll];\n  const ", number, " v = Load<", number,
      ">::from(mine);\n  int rank = 0;\n#pragma unroll 8\n  for (int j = 0; j < ", size, "; ++j) {\n    const ", number,
      " u = Load<", number, ">::from(x[line + j * ", x.strides[axis],
      "ll]);\n    const bool more = above(u, v), less = above(v, u);\n    rank += ", op.largest ? "more" : "less",
      " || (!more && !less && j < ", me, ") ? 1 : 0;\n  }\n  if (rank >= ", k, ") return;\n");
  const auto store = [&](std::string_view name, std::size_t output, std::string_view value) {
    Dims strides = problem.outputs[output].strides;
    const std::int64_t step = strides[axis];
    strides[axis] = 0;
    body += strings::join("  ", name, "[", offset_text(strides), " + rank * ", step, "ll] = ", value, ";\n");
  };
  if (values) store("values", 0, "mine");
  if (places) store("places", 1, me);
  const std::string before = strings::join("__device__ __forceinline__ bool above(", number, " a, ", number,
                                           " b) { return a != a ? b == b : a > b; }\n");
  TextWork work;
  TRY(TextLaunch launch, text.finish(body, before));
  work.launches.push_back(std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()));
  work.operations = comparisons / 16;
  return work;
}

constexpr TextTactic kTopK("cuda.topk", 1, top_k_work);

}  // namespace

std::span<const Tactic* const> top_k_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kTopK};
  return kAll;
}

}  // namespace bolide::cuda
