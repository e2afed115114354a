/// A matrix product with concrete sizes, as the CPU tactics see it.
#pragma once

#include "backend/cpu/gemm/tiles.h"
#include "ops/matmul.h"

namespace bolide {

/// Strides in elements.
struct MatMulGeometry {
  bool integer = false;  ///< a and b of 8 bits each; else f32
  std::int64_t element_bytes = 4;
  Dims batch;  ///< of the result
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;
  Dims a_batch;  ///< stride a dim of `batch`, 0 where broadcast
  std::int64_t a_row = 0;
  std::int64_t a_k = 0;
  Dims b_dims;     ///< batch dims of b, as many as `batch`
  Dims b_strides;  ///< of b's batch dims, 0 where broadcast
  std::int64_t b_k = 0;
  std::int64_t b_n = 0;

  std::int64_t batches() const;
  std::int64_t rows() const { return batches() * m; }
  /// Matrices of b that differ.
  std::int64_t b_count() const;
  /// Which of them belongs to matrix `index` of the result.
  std::int64_t b_index(std::int64_t index) const;
  /// Element offset of matrix i of b.
  std::int64_t b_offset(std::int64_t i) const;
};

/// The problem with vectors made matrices: dims of size 1 are put into a, b, the output and the epilogue's inputs.
Problem as_matrices(const Problem& problem);
/// Of a problem that as_matrices returned. Errors: Unsupported when a and b are neither both f32 nor both of 8 bits, or
/// there are too many dims.
Result<MatMulGeometry> matmul_geometry(const Problem& problem);

}  // namespace bolide
