/// A reduction as runs of contiguous numbers, or as rows that are added to a row of sums.
#pragma once

#include "backend/cpu/kernels/rows.h"
#include "backend/cpu/nest.h"
#include "backend/problem.h"
#include "ops/reduce.h"

namespace bolide::cpu {

struct ReduceWork {
  ReduceKind kind = ReduceKind::kSum;
  RowReduction reduction = RowReduction::kSum;
  Nest kept;                      ///< operand 0: x, 1: y; without the dim of the vectors
  Nest repeated;                  ///< reduced dims besides the one the kernel runs over; operand 0: x
  bool columns = false;           ///< vectors along a kept dim instead of a reduced one
  std::int64_t n = 1;             ///< numbers (rows, with `columns`) of one kernel call
  std::int64_t row_stride = 0;    ///< between them, with `columns`
  std::int64_t width = 1;         ///< the kept dim of the vectors
  std::int64_t width_stride = 1;  ///< its stride in y
  double each = 1;                ///< numbers in one result
};

/// Of floats, or of 8-bit codes with `as_f32`. Errors: Unsupported with the reason.
Result<ReduceWork> reduce_work(const Problem& problem);

}  // namespace bolide::cpu
