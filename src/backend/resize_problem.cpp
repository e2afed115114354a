#include "backend/resize_problem.h"

namespace bolide {

Result<std::vector<ResizeAxis>> resize_axes_of(const Problem& problem) {
  const auto* op = problem.op->as<Resize>();
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  std::vector<TensorType> types;
  std::vector<InferContext::Input> inputs(problem.inputs.size());
  for (const Operand& operand : problem.inputs) types.push_back({operand.dtype, to_shape(operand.dims)});
  Dims sizes;
  if (op->axes.empty()) sizes = y.dims;
  for (const std::int64_t axis : op->axes) {
    sizes.push_back(y.dims[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)]);
  }
  const Tensor from_result = Tensor::of<std::int64_t>(sizes);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (problem.inputs[i].absent) continue;
    inputs[i] = {&types[i], problem.inputs[i].constant, nullptr};
    if (i == 3 && inputs[i].constant == nullptr && op->aspect == ResizeAspect::kStretch) {
      types[i] = from_result.type();
      inputs[i].constant = &from_result;
    }
    if (i == 2 && inputs[i].constant == nullptr && problem.inputs[i].count() > 0) {
      return unsupported("scales that are not constant");
    }
  }
  return resize_axes(*op, InferContext(inputs), y.dims);
}

}  // namespace bolide
