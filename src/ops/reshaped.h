/// What the operators share that give their input under other sizes.
#pragma once

#include "ops/reshape.h"

namespace bolide {

/// Output of a view operator: the input under the sizes that `infer` gives.
template <class T>
Result<Tensors> reshaped_as_inferred(const T& op, TensorInputs inputs, const EvalContext& context) {
  TRY(const TensorTypes types,
      infer_values([&op](const InferContext& known) { return op.infer(known); }, inputs, context));
  auto dims = constant_dims(types[0].shape);
  if (!dims) return invalid_argument(T::kInfo.name, ": the values of its inputs give no sizes for ", types[0]);
  TRY(Tensor out, inputs[0]->reshaped(*std::move(dims)).within(T::kInfo.name));
  return Tensors{std::move(out)};
}

/// The type of the input in `rank` sizes that only the data decide.
inline TensorTypes of_unknown_sizes(const InferContext& context, std::int64_t rank, std::string_view hint) {
  TensorType out{context.dtype(0), {}};
  for (std::int64_t i = 0; i < rank; ++i) out.shape.push_back(context.fresh_dim(hint));
  return {std::move(out)};
}

}  // namespace bolide
