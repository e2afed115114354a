/// Operands of the shape of a contraction's result, seen as rows and columns.
#pragma once

#include "backend/cpu/gemm/row_offsets.h"

namespace bolide {

/// Which dims of the result are rows and which one its columns (output channels).
struct ResultShape {
  Dims dims;
  int column_dim = 0;
};

/// An operand that broadcasts to the result: `rows` strides over the result's dims without the column dim, in bytes.
struct ResultOperand {
  int index = 0;  ///< of the problem's inputs; for the output itself unused
  DataType dtype = DataType::kF32;
  RowOffsets rows;
  std::int64_t column_stride = 0;  ///< elements, 0 or 1
};
/// Errors: Unsupported when it does not broadcast, has more dims than RowOffsets takes, or its columns are not
/// contiguous.
Result<ResultOperand> result_operand(const Operand& operand, const ResultShape& shape, std::string_view what);

}  // namespace bolide
