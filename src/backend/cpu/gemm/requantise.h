/// Epilogues of integer contractions that reduce to one multiplication and addition a result, on the register tile:
///
///     v = x * scale[j] + offset[j] + residual * residual_scale;  v = round(v) + zero;  min(max(v, low), high)
///
/// so for bias, dequantisation by numbers or per-channel vectors, a residual tensor, relu and clips, and quantisation.
/// x is the sum, or, where the file quantises the contraction's result before it adds the residual,
/// min(max(round(sum * inner_scale[j] + inner_offset[j]), inner_low), inner_high).
#pragma once

#include "backend/cpu/gemm/result_operand.h"
#include "backend/cpu/gemm/row_offsets.h"
#include "backend/cpu/kernels/kernels.h"

#include <limits>

namespace bolide {

/// Numerics: constants are combined in double and rounded once, so that a result may differ from the expression's own
/// where that is within float32 rounding of a tie.
class Requantise {
 public:
  /// Nothing when the expression has another form or constants are not known.
  static std::optional<Requantise> recognise(const Problem& problem, const Expr& expr, const ResultShape& shape,
                                             int tile_columns);

  /// One a column of the result, padded with zeros by a tile.
  const float* scale() const { return scale_.data(); }
  const float* offset() const { return offset_.data(); }
  /// Null where x is the sum; padded like scale().
  const float* inner_scale() const { return inner_scale_.empty() ? nullptr : inner_scale_.data(); }
  const float* inner_offset() const { return inner_offset_.data(); }
  float inner_low() const { return inner_low_; }
  float inner_high() const { return inner_high_; }
  const ResultOperand* residual() const { return residual_ ? &*residual_ : nullptr; }
  float residual_scale() const { return residual_scale_; }
  bool round_first() const { return round_first_; }
  float zero() const { return zero_; }
  float low() const { return low_; }
  float high() const { return high_; }

 private:
  std::vector<float> scale_;
  std::vector<float> offset_;
  std::vector<float> inner_scale_;
  std::vector<float> inner_offset_;
  float inner_low_ = 0;
  float inner_high_ = 0;
  std::optional<ResultOperand> residual_;
  float residual_scale_ = 0;
  bool round_first_ = false;
  float zero_ = 0;
  float low_ = -std::numeric_limits<float>::infinity();
  float high_ = std::numeric_limits<float>::infinity();
};

}  // namespace bolide
