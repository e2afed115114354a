/// A plain f32 product on the register tile, for tactics that multiply inside a larger step.
#pragma once

#include "backend/cpu/kernel_table.h"
#include "backend/tactic.h"

namespace bolide {

/// out[r][j] = bias[j] + sum over i < k of a[r][i] * b[i][j] + residual[r][j], with b in panels of pack_panels. Strides
/// are in floats between rows. Products are added in the order of i, whatever the cut.
struct PanelProduct {
  const float* a = nullptr;
  std::int64_t a_stride = 0;
  std::int64_t k = 0;
  const float* panels = nullptr;
  const float* bias = nullptr;      ///< one a column, or null
  const float* residual = nullptr;  ///< or null
  std::int64_t residual_stride = 0;
  float* out = nullptr;
  std::int64_t out_stride = 0;

  /// `rows` rows; columns.begin is a multiple of the tile's columns.
  void run(const GemmKernels& kernels, std::int64_t rows, Range columns) const;
};

}  // namespace bolide
