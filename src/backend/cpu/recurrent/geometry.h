/// Sizes and strides of a recurrent layer, and its weights in panels.
#pragma once

#include "backend/cpu/kernels/gemm.h"
#include "backend/problem.h"

#include <span>

namespace bolide::cpu {

enum class RecurrentKind : std::uint8_t { kRnn, kGru, kLstm };

/// Strides in elements.
struct RecurrentGeometry {
  RecurrentKind kind = RecurrentKind::kRnn;
  bool reverse_first = false;        ///< direction 0 runs from the end
  bool linear_before_reset = false;  ///< of GRU
  bool has_bias = false;
  std::int64_t directions = 1;
  std::int64_t sequence = 1;
  std::int64_t batch = 1;
  std::int64_t input = 1;
  std::int64_t hidden = 1;
  std::int64_t x_step = 0, x_batch = 0;
  /// Strides of the direction, and of a row of the batch: of initial h and c, and of the results.
  struct State {
    std::int64_t direction = 0, batch = 0, element = 1;
    bool present = false;
  };
  State first[2];  ///< h and c before the first step
  State last[2];   ///< after the last one
  State y;
  std::int64_t y_step = 0;

  std::int64_t gates() const { return kind == RecurrentKind::kLstm ? 4 : kind == RecurrentKind::kGru ? 3 : 1; }
  std::int64_t width() const { return gates() * hidden; }
  /// Columns that the state enters as it is; the rest of a GRU is a product of its own.
  std::int64_t plain_width() const { return kind == RecurrentKind::kGru ? 2 * hidden : width(); }
};

/// Errors: Unsupported with the reason.
Result<RecurrentGeometry> recurrent_geometry(const Problem& problem);

/// Packed form, in floats, one block a direction: bias of x (width), bias of the reset part (hidden), panels of w,
/// panels of r for plain_width() columns, then for the rest.
struct RecurrentPacking {
  std::int64_t reset_bias = 0;
  std::int64_t w = 0;
  std::int64_t plain = 0;
  std::int64_t rest = 0;
  std::int64_t direction = 0;  ///< floats of a direction
};
RecurrentPacking recurrent_packing(const RecurrentGeometry& geometry, const GemmKernels& kernels);
void pack_recurrent(const Problem& problem, const RecurrentGeometry& geometry, const GemmKernels& kernels, float* out);

}  // namespace bolide::cpu
