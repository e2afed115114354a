/// Pairs of strided views under construction, for the operators of pieces_of.
#pragma once

#include "backend/cpu/movement/pieces.h"

namespace bolide::cpu {

/// Errors: Unsupported for element sizes that are not moved.
Result<Piece> piece(const CopyView& view, DataType dtype, int input, int output);

/// The same elements in row-major order under the sizes of `to` and of `from`.
/// Errors: Unsupported when sizes and strides have no common refinement.
Result<CopyView> reshape_view(const Operand& to, const Operand& from);

Result<std::vector<Piece>> slice_pieces(const Problem& problem);
Result<std::vector<Piece>> pad_pieces(const Problem& problem);

}  // namespace bolide::cpu
