#include "ops/shape.h"

#include "ops/slice.h"

namespace bolide {

Result<TensorTypes> ShapeOf::infer(const InferContext& context) const {
  return TensorTypes{{DataType::kI64, {slice_range(context.rank(0), start, end, 1).count}}};
}

Result<Tensors> ShapeOf::evaluate(TensorInputs inputs, EvalContext&) const {
  const Dims& dims = inputs[0]->dims();
  const SliceRange range = slice_range(inputs[0]->rank(), start, end, 1);
  return Tensors{Tensor::of<std::int64_t>(
      std::span(dims).subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.count)))};
}

std::optional<std::vector<Dim>> ShapeOf::contents(const InferContext& context) const {
  const SliceRange range = slice_range(context.rank(0), start, end, 1);
  const auto first = context.shape(0).begin() + range.begin;
  return std::vector<Dim>(first, first + range.count);
}

}  // namespace bolide
