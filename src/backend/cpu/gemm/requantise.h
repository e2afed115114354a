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

GemmI8Call::Kind kind_of(DataType type);

/// Numerics: constants are combined in double and rounded once, so that a result may differ from the expression's own
/// where that is within float32 rounding of a tie.
class Requantise {
 public:
  /// Nothing when the expression has another form or constants are not known.
  static std::optional<Requantise> recognise(const Problem& problem, const Expr& expr, const ResultShape& shape,
                                             int tile_columns);

  const ResultOperand* residual() const { return residual_ ? &*residual_ : nullptr; }
  /// Sets what does not depend on the tile; `call` must not outlive this.
  void describe(GemmI8Call& call) const;
  /// Sets what belongs to the columns from `column` on.
  void at_column(GemmI8Call& call, std::int64_t column) const;

 private:
  GemmI8Call::Kind kind_ = GemmI8Call::Kind::kF32;
  std::vector<float> scale_;  // one a column of the result, padded with zeros by a tile
  std::vector<float> offset_;
  std::vector<float> inner_scale_;  // empty where x is the sum
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
