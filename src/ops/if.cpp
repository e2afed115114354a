#include "ops/if.h"

#include "ops/containers.h"
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
    TRY(TensorTypes types, context.subgraph_types(known->span<std::uint8_t>()[0] != 0 ? 0 : 1));
    for (TensorType& type : types) type = with_own_sizes(type, context, "if");
    return types;
  }
  TRY(TensorTypes types, context.subgraph_types(0));
  TRY(const TensorTypes other, context.subgraph_types(1));
  if (types.size() != other.size()) {
    return invalid_argument("If: one branch gives ", types.size(), " results, the other ", other.size());
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    // Sizes that only a branch's data decide differ, whatever they are called in it.
    const TensorType a = with_own_sizes(types[i], context, "if");
    const TensorType b = with_own_sizes(other[i], context, "if");
    Result<TensorType> common = common_type(a, b, [&context] { return context.fresh_dim("if"); });
    if (!common && a.dtype == b.dtype && a.rank() != b.rank()) {
      return unsupported(
          "If: result ", i, " is ", types[i], " in one branch and ", other[i],
          " in the other, and a value has one rank here: reshape it to the same rank in both, or fix the "
          "condition before exporting");
    }
    if (!common) {
      return unsupported("If: result ", i, " is ", types[i], " in one branch and ", other[i], " in the other");
    }
    types[i] = *std::move(common);
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
