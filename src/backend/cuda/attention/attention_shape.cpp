#include "backend/cuda/attention/attention_shape.h"

#include <algorithm>

namespace bolide::cuda {

AttentionShape attention_shape(const Problem& problem) {
  const Dims& q = problem.inputs[0].dims;
  return {q[0], q[1], q[2], problem.inputs[1].dims[2], q[3], problem.inputs[2].dims[3]};
}

std::optional<std::string> attention_fault(const Problem& problem) {
  const DataType type = problem.inputs[0].dtype;
  if (type != DataType::kF16 && type != DataType::kBF16) return strings::join("heads of ", name(type));
  for (std::size_t i = 0; i < 3; ++i) {
    const Operand& operand = problem.inputs[i];
    if (operand.dtype != type) return "operands of two dtypes";
    if (operand.dims[3] > 1 && operand.strides[3] != 1)
      return strings::join("elements of a head lie ", operand.strides[3], " apart; needs 1");
  }
  const Operand& y = problem.outputs[0];
  if (y.dtype != type) return strings::join("a result of ", name(y.dtype));
  if (y.dims[3] > 1 && y.strides[3] != 1)
    return strings::join("elements of a result lie ", y.strides[3], " apart; needs 1");
  if (has_mask(problem) && (!number_format(problem.inputs[3].dtype) || !is_float(problem.inputs[3].dtype)))
    return strings::join("a mask of ", name(problem.inputs[3].dtype));
  const AttentionShape shape = attention_shape(problem);
  if (std::min({shape.batch, shape.heads, shape.queries, shape.keys, shape.d, shape.e}) <= 0) return "an empty operand";
  if (std::max(shape.queries, shape.keys) >= std::int64_t{1} << 30) return "too long a sequence";
  return std::nullopt;
}

std::int64_t mask_stride(const Operand& mask, std::size_t dim) {
  const std::size_t lacking = 4 - mask.dims.size();
  return dim < lacking || mask.dims[dim - lacking] == 1 ? 0 : mask.strides[dim - lacking];
}

}  // namespace bolide::cuda
