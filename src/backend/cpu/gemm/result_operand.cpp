#include "backend/cpu/gemm/result_operand.h"

namespace bolide {

Result<ResultOperand> result_operand(const Operand& operand, const ResultShape& shape, std::string_view what) {
  const std::size_t rank = shape.dims.size();
  if (operand.dims.size() > rank || rank > RowOffsets::kMaxDims) {
    return unsupported(what, " is ", operand.dims, " for a result of ", shape.dims);
  }
  const std::int64_t bytes = bit_width(operand.dtype) / 8;
  ResultOperand out;
  out.dtype = operand.dtype;
  Dims dims;
  Dims strides;
  const std::size_t missing = rank - operand.dims.size();
  for (std::size_t d = 0; d < rank; ++d) {
    std::int64_t stride = 0;
    if (d >= missing && operand.dims[d - missing] != 1) {
      if (operand.dims[d - missing] != shape.dims[d]) {
        return unsupported(what, " is ", operand.dims, " for a result of ", shape.dims);
      }
      stride = operand.strides[d - missing];
    }
    if (d != static_cast<std::size_t>(shape.column_dim)) {
      dims.push_back(shape.dims[d]);
      strides.push_back(stride * bytes);
    } else {
      if (stride > 1) return unsupported(what, " has a channel stride of ", stride, "; needs contiguous channels");
      out.column_stride = stride;
    }
  }
  out.rows = RowOffsets(dims, strides);
  return out;
}

}  // namespace bolide
