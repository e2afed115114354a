#include "backend/cpu/matmul/geometry.h"

namespace bolide {

namespace {

/// A dim of size 1 at `from_end` places before the end.
void insert_dim(Operand& operand, std::size_t from_end) {
  if (operand.absent || operand.dims.size() < from_end) return;
  const auto at = static_cast<std::ptrdiff_t>(operand.dims.size() - from_end);
  operand.dims.insert(operand.dims.begin() + at, 1);
  operand.strides.insert(operand.strides.begin() + at, 0);
}

std::int64_t product(const Dims& dims) {
  std::int64_t out = 1;
  for (const std::int64_t d : dims) out *= d;
  return out;
}

}  // namespace

std::int64_t MatMulGeometry::batches() const { return product(batch); }
std::int64_t MatMulGeometry::b_count() const { return product(b_dims); }

std::int64_t MatMulGeometry::b_index(std::int64_t index) const {
  std::int64_t out = 0;
  std::int64_t scale = 1;
  for (std::size_t d = batch.size(); d-- > 0;) {
    if (b_dims[d] != 1) out += index % batch[d] * scale;
    index /= batch[d];
    scale *= b_dims[d];
  }
  return out;
}

std::int64_t MatMulGeometry::b_offset(std::int64_t i) const {
  std::int64_t out = 0;
  for (std::size_t d = b_dims.size(); d-- > 0;) {
    out += i % b_dims[d] * b_strides[d];
    i /= b_dims[d];
  }
  return out;
}

Problem as_matrices(const Problem& problem) {
  Problem out = problem;
  const bool a_vector = out.inputs[0].dims.size() == 1;
  const bool b_vector = out.inputs[1].dims.size() == 1;
  const auto for_results = [&](std::size_t from_end) {
    for (Operand& output : out.outputs) insert_dim(output, from_end);
    for (std::size_t i = 3; i < out.inputs.size(); ++i) insert_dim(out.inputs[i], from_end);
  };
  if (b_vector) {
    insert_dim(out.inputs[1], 0);
    for_results(0);
  }
  if (a_vector) {
    insert_dim(out.inputs[0], 1);
    for_results(1);
  }
  return out;
}

Result<MatMulGeometry> matmul_geometry(const Problem& problem) {
  const Operand& a = problem.inputs[0];
  const Operand& b = problem.inputs[1];
  const Dims& y = problem.outputs[0].dims;
  const bool integer = bit_width(a.dtype) == 8 && bit_width(b.dtype) == 8 && is_integer(a.dtype) && is_integer(b.dtype);
  if (!integer && (a.dtype != DataType::kF32 || b.dtype != DataType::kF32)) {
    return unsupported("a is ", a.dtype, " and b is ", b.dtype, "; needs f32 or 8-bit integers");
  }
  if (y.size() > RowOffsets::kMaxDims) return unsupported("the result has ", y.size(), " dims");
  MatMulGeometry out;
  out.integer = integer;
  out.element_bytes = integer ? 1 : 4;
  out.batch.assign(y.begin(), y.end() - 2);
  const std::size_t a_rank = a.dims.size();
  const std::size_t b_rank = b.dims.size();
  out.m = a.dims[a_rank - 2];
  out.k = a.dims[a_rank - 1];
  out.n = b.dims[b_rank - 1];
  out.a_row = a.strides[a_rank - 2];
  out.a_k = a.strides[a_rank - 1];
  out.b_k = b.strides[b_rank - 2];
  out.b_n = b.strides[b_rank - 1];
  const std::size_t rank = out.batch.size();
  out.a_batch.assign(rank, 0);
  out.b_dims.assign(rank, 1);
  out.b_strides.assign(rank, 0);
  for (std::size_t d = 0; d + 2 < a_rank; ++d) {
    if (a.dims[d] != 1) out.a_batch[d + rank + 2 - a_rank] = a.strides[d];
  }
  for (std::size_t d = 0; d + 2 < b_rank; ++d) {
    const std::size_t at = d + rank + 2 - b_rank;
    if (b.dims[d] == 1 || b.strides[d] == 0) continue;
    out.b_dims[at] = b.dims[d];
    out.b_strides[at] = b.strides[d];
  }
  return out;
}

}  // namespace bolide
