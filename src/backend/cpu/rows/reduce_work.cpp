#include "backend/cpu/rows/reduce_work.h"

namespace bolide::cpu {
namespace {

RowReduction reduction_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kSum:
    case ReduceKind::kMean:
    case ReduceKind::kLogSum: return RowReduction::kSum;
    case ReduceKind::kMax: return RowReduction::kMax;
    case ReduceKind::kMin: return RowReduction::kMin;
    case ReduceKind::kProd: return RowReduction::kProduct;
    case ReduceKind::kL1: return RowReduction::kSumAbs;
    case ReduceKind::kL2:
    case ReduceKind::kSumSquare: return RowReduction::kSumSquare;
    case ReduceKind::kLogSumExp: break;
  }
  return RowReduction::kSumExp;
}

void push(Nest& to, const Nest& from, int dim) {
  to.dims.push_back(from.size(dim));
  for (std::size_t o = 0; o < 2; ++o) to.strides[o].push_back(from.stride(static_cast<int>(o), dim));
}

}  // namespace

Result<ReduceWork> reduce_work(const Problem& problem) {
  const auto* op = problem.op->as<Reduce>();
  if (op == nullptr) return unsupported("not a Reduce");
  if (problem.inputs.size() > 1) return unsupported("axes that are computed");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  const bool codes = op->as_f32 && (x.dtype == DataType::kU8 || x.dtype == DataType::kI8);
  if (x.dtype != DataType::kF32 && !codes) return unsupported("x of ", x.dtype);
  if (x.count() == 0) return unsupported("no elements");
  std::vector<bool> gone(x.dims.size(), op->axes.empty() && !op->noop_with_empty_axes);
  for (const std::int64_t axis : op->axes) gone[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)] = true;
  std::array<Dims, 2> strides = {x.strides, Dims(x.dims.size(), 0)};
  std::size_t at = 0;
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    if (!gone[d]) strides[1][d] = y.strides[at];
    if (!gone[d] || op->keepdims) ++at;
  }
  const Nest nest = collapse(x.dims, strides);
  const int last = nest.rank() - 1;
  const bool one = nest.count() == 1;
  if (!one && nest.stride(0, last) != 1) return unsupported("no dim of x is contiguous");
  if (nest.rank() > kMaxNestRank) return unsupported("more than ", kMaxNestRank, " dims");

  ReduceWork out;
  out.kind = op->kind;
  out.reduction = reduction_of(op->kind);
  out.each = static_cast<double>(x.count() / y.count());
  out.kept.strides.resize(2);
  out.repeated.strides.resize(2);
  out.columns = !one && nest.stride(1, last) != 0;
  int rows = -1;  // the dim of the kernel's rows: the largest that is reduced
  for (int d = 0; d < last; ++d) {
    const bool reduced = nest.stride(1, d) == 0;
    if (out.columns && reduced && (rows < 0 || nest.size(d) > nest.size(rows))) rows = d;
  }
  for (int d = 0; d < last; ++d) {
    if (d != rows) push(nest.stride(1, d) == 0 ? out.repeated : out.kept, nest, d);
  }
  if (out.columns) {
    out.width = nest.size(last);
    out.width_stride = nest.stride(1, last);
    out.n = rows < 0 ? 1 : nest.size(rows);
    out.row_stride = rows < 0 ? 0 : nest.stride(0, rows);
  } else {
    out.n = nest.size(last);
  }
  if (out.kind == ReduceKind::kLogSumExp && (out.columns || out.repeated.count() != 1)) {
    return unsupported("log_sum_exp of what is not one run of x");
  }
  return out;
}

}  // namespace bolide::cpu
