#include "ops/if.h"

#include "ops/reference.h"

namespace bolide {

Result<TensorTypes> If::infer(const InferContext& context) const {
  const TensorType& cond = context.type(0);
  if (cond.dtype != DataType::kBool) return invalid_argument("If: the condition is ", cond, ", expected bool");
  if (const auto count = element_count(cond.shape).constant(); count && *count != 1) {
    return invalid_argument("If: the condition is ", cond, ", expected one element");
  }
  if (!context.subgraph_types) return internal_error("If: there are no branches");
  if (const Tensor* known = context.constant(0)) {
    return context.subgraph_types(known->span<std::uint8_t>()[0] != 0 ? 0 : 1);
  }
  TRY(TensorTypes types, context.subgraph_types(0));
  TRY(const TensorTypes other, context.subgraph_types(1));
  if (types.size() != other.size()) {
    return invalid_argument("If: one branch gives ", types.size(), " results, the other ", other.size());
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i].dtype != other[i].dtype || types[i].rank() != other[i].rank()) {
      return unsupported("If: result ", i, " is ", types[i], " in one branch and ", other[i], " in the other");
    }
    for (std::size_t d = 0; d < types[i].shape.size(); ++d) {
      if (!(types[i].shape[d] == other[i].shape[d])) types[i].shape[d] = context.fresh_dim("if");
    }
  }
  return types;
}

Result<Tensors> If::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Tensor& cond = *inputs[0];
  if (cond.dtype() != DataType::kBool || cond.count() != 1) {
    return invalid_argument("If: the condition is ", cond.type(), ", expected one bool");
  }
  if (!context.run_subgraph) return internal_error("If: there are no branches");
  Tensors captured;
  for (const Tensor* input : inputs.subspan(1)) captured.push_back(input != nullptr ? *input : Tensor());
  return context.run_subgraph(cond.span<std::uint8_t>()[0] != 0 ? 0 : 1, captured);
}

}  // namespace bolide
