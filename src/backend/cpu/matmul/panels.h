/// The second matrix of a product in panels.
#pragma once

#include "backend/cpu/matmul/geometry.h"

namespace bolide {

/// Matrix by matrix: for integers the i32 bias of each column, then the panels. The integer bias is
/// bias - (a_zero + shift) * sum(b), where shift is 128 when the tile reads i8 as u8.
class MatMulPanels {
 public:
  /// `matrices` as as_matrices returns it.
  MatMulPanels(const Problem& matrices, const MatMulGeometry& geometry, const GemmKernels& kernels);

  std::int64_t matrix_bytes() const { return bias_bytes_ + panels_ * panel_bytes_; }
  std::int64_t panels_at() const { return bias_bytes_; }
  std::int64_t panels() const { return panels_; }
  /// Times that a row of a passes over a panel: b_parts(), 1 for f32.
  int taps() const { return taps_; }
  /// Packs one panel of one matrix of b into `out`, where all matrices lie. `bias` (i32) may be null.
  void pack(const MatMulGeometry& geometry, const std::byte* b, const void* bias, std::int64_t matrix,
            std::int64_t panel, std::byte* out) const;

 private:
  const GemmKernels* kernels_;
  int taps_ = 1;
  bool b_signed_ = true;
  std::int64_t b_zero_ = 0;
  std::int64_t a_offset_ = 0;
  std::int64_t bias_bytes_ = 0;
  std::int64_t panels_ = 0;
  std::int64_t panel_bytes_ = 0;
};

/// How many signed 8-bit numbers it takes to add up to any element of 8-bit `b` less its zero point: 1 where it fits,
/// else 2 or 3.
int b_parts(const Operand& b, std::int64_t zero);

}  // namespace bolide
