#include "ops/sequence_items.h"

namespace bolide {

Result<TensorTypes> SequenceMap::infer(const InferContext& context) const {
  TRY_OK(require_sequence(kInfo, context));
  if (mapped < 1 || mapped > context.input_count()) {
    return invalid_argument("SequenceMap: ", context.input_count(), " inputs, of which it maps ", mapped);
  }
  if (!context.subgraph_types) return internal_error("SequenceMap: there is no body");
  TRY(TensorTypes types, context.subgraph_types(0));
  for (TensorType& type : types) {
    for (Dim& dim : type.shape) dim = dim.is_constant() ? dim : context.fresh_dim("item");
    type = sequence_type(std::move(type), context.shape(0)[0]);
  }
  return types;
}

Result<Tensors> SequenceMap::evaluate(TensorInputs inputs, EvalContext& context) const {
  if (mapped < 1 || static_cast<std::size_t>(mapped) > inputs.size() || inputs[0]->dtype() != DataType::kSequence) {
    return invalid_argument("SequenceMap: ", inputs.size(), " inputs, of which it maps ", mapped);
  }
  if (!context.run_subgraph || !context.subgraph_types) return internal_error("SequenceMap: there is no body");
  std::vector<Tensors> made;
  for (std::int64_t i = 0; i < inputs[0]->count(); ++i) {
    Tensors arguments;
    for (std::size_t a = 0; a < inputs.size(); ++a) {
      const Tensor* input = inputs[a];
      if (input == nullptr) return invalid_argument("SequenceMap: input ", a, " is left out");
      if (static_cast<std::int64_t>(a) >= mapped || input->dtype() != DataType::kSequence) {
        arguments.push_back(*input);
        continue;
      }
      if (input->count() != inputs[0]->count()) {
        return invalid_argument("SequenceMap: sequences of ", inputs[0]->count(), " and ", input->count(), " values");
      }
      arguments.push_back(input->items()[static_cast<std::size_t>(i)]);
    }
    TRY(Tensors results, context.run_subgraph(0, arguments));
    made.resize(results.size());
    for (std::size_t r = 0; r < results.size(); ++r) made[r].push_back(std::move(results[r]));
  }
  TRY(const TensorTypes types, context.subgraph_types(0));
  made.resize(types.size());
  Tensors out;
  for (std::size_t r = 0; r < types.size(); ++r) out.push_back(Tensor::sequence(types[r], made[r]));
  return out;
}

}  // namespace bolide
