/// Pairs of strided views under construction, for the operators of pieces_of.
#pragma once

#include "backend/cpu/movement/pieces.h"

namespace bolide::cpu {

/// Sizes with the strides and offsets of a destination and a source.
struct CopyView {
  Dims dims;
  Dims to_strides;
  Dims from_strides;
  std::int64_t to = 0;
  std::int64_t from = 0;

  void push(std::int64_t size, std::int64_t to_stride, std::int64_t from_stride) {
    dims.push_back(size);
    to_strides.push_back(to_stride);
    from_strides.push_back(from_stride);
  }
};

/// Errors: Unsupported for element sizes that are not moved.
Result<Piece> piece(const CopyView& view, DataType dtype, int input, int output);

/// The same elements in row-major order under the sizes of `to` and of `from`.
/// Errors: Unsupported when sizes and strides have no common refinement.
Result<CopyView> reshape_view(const Operand& to, const Operand& from);

Result<std::vector<Piece>> slice_pieces(const Problem& problem);
Result<std::vector<Piece>> pad_pieces(const Problem& problem);

}  // namespace bolide::cpu
