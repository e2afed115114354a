#include "backend/cpu/attention/geometry.h"

#include "ops/attention.h"

#include <algorithm>

namespace bolide::cpu {

namespace {

AttentionGeometry::Strides strides_of(const Operand& operand) {
  AttentionGeometry::Strides out{};
  const std::size_t missing = out.size() - operand.dims.size();
  for (std::size_t d = 0; d < operand.dims.size(); ++d) {
    out[missing + d] = operand.dims[d] == 1 ? 0 : operand.strides[d];
  }
  return out;
}

}  // namespace

Result<AttentionGeometry> attention_geometry(const Problem& problem) {
  const auto* op = problem.op->as<Attention>();
  if (op == nullptr) return unsupported("not Attention");
  const Operand& y = problem.outputs[0];
  for (const Operand& operand : problem.inputs) {
    if (!operand.absent && operand.dtype != DataType::kF32) return unsupported("f32 only, got ", operand.dtype);
    if (!operand.absent && operand.count() == 0) return unsupported("an operand without elements");
  }
  if (y.count() == 0) return unsupported("no elements");
  AttentionGeometry out;
  out.batch = y.dims[0];
  out.heads = y.dims[1];
  out.queries = y.dims[2];
  out.keys = problem.inputs[1].dims[2];
  out.size = problem.inputs[0].dims[3];
  out.values = y.dims[3];
  out.scale = op->scale;
  out.causal = op->causal;
  out.q = strides_of(problem.inputs[0]);
  out.k = strides_of(problem.inputs[1]);
  out.v = strides_of(problem.inputs[2]);
  out.y = strides_of(y);
  if (problem.inputs.size() > 3 && !problem.inputs[3].absent) {
    out.has_mask = true;
    out.mask = strides_of(problem.inputs[3]);
  }
  if (out.values > 1 && out.y[3] != 1) return unsupported("the rows of y are not contiguous");
  return out;
}

std::int64_t query_block(const AttentionGeometry& geometry, const GemmKernels& kernels, const CpuTarget& target,
                         int threads) {
  const std::int64_t tiles = (geometry.queries + kernels.rows - 1) / kernels.rows;
  const std::int64_t tile_bytes = geometry.keys * kernels.rows * 4;
  const std::int64_t fit = std::max<std::int64_t>(1, target.l2_bytes / 2 / tile_bytes);
  const std::int64_t wanted = threads > 1 ? std::int64_t{4} * threads : 1;  // units of work
  const std::int64_t blocks = std::min(tiles, std::max<std::int64_t>(1, wanted / geometry.matrices()));
  return std::min(fit, (tiles + blocks - 1) / blocks) * kernels.rows;
}

}  // namespace bolide::cpu
