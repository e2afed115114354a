#include "ops/optional.h"

#include "ops/containers.h"
#include "ops/reference.h"

namespace bolide {

Result<TensorTypes> MakeOptional::infer(const InferContext& context) const {
  if (context.has(0)) return TensorTypes{optional_type(context.type(0), Dim(1))};
  const TensorType tensor{dtype, {}, nullptr, false};
  return TensorTypes{optional_type(sequence ? sequence_type(tensor, Dim("size")) : tensor, Dim(0))};
}

Result<Tensors> MakeOptional::evaluate(TensorInputs inputs, EvalContext&) const {
  TRY(const TensorTypes types, infer(KnownInputs(inputs).context()));
  return one(Tensor::optional(types[0].element(), input_at(inputs, 0)));
}

Result<TensorTypes> OptionalHasElement::infer(const InferContext&) const { return TensorTypes{{DataType::kBool, {}}}; }

Result<Tensors> OptionalHasElement::evaluate(TensorInputs inputs, EvalContext&) const {
  const Tensor* input = input_at(inputs, 0);
  return one(Tensor::scalar(input != nullptr && (input->dtype() != DataType::kOptional || input->count() == 1)));
}

Result<TensorTypes> OptionalGetElement::infer(const InferContext& context) const {
  if (context.dtype(0) != DataType::kOptional) return TensorTypes{context.type(0)};
  TRY_OK(require_container(kInfo, context, 0, DataType::kOptional));
  if (context.shape(0)[0] == Dim(0)) return invalid_argument("OptionalGetElement: the optional holds nothing");
  TRY(TensorType out, taken_out(kInfo, context.type(0).element(), context));
  return TensorTypes{std::move(out)};
}

Result<Tensors> OptionalGetElement::evaluate(TensorInputs inputs, EvalContext&) const {
  if (inputs[0]->dtype() != DataType::kOptional) return one(*inputs[0]);
  if (inputs[0]->count() != 1) return invalid_argument("OptionalGetElement: the optional holds nothing");
  return one(inputs[0]->items()[0]);
}

}  // namespace bolide
