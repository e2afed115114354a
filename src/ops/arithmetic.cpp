#include "ops/arithmetic.h"

#include "ops/elements.h"
#include "tensor/number.h"

namespace bolide {

Result<TensorTypes> Pow::infer(const InferContext& context) const {
  if (context.dtype(0) == context.dtype(1)) {
    return infer_elementwise(kInfo, context, ElementwiseResult::kSame);
  }
  for (int i = 0; i < 2; ++i) {
    if (!is_real(context.dtype(i))) return unsupported("Pow of ", context.dtype(i), "; real numbers work");
  }
  TRY(Shape shape, broadcast(context.shape(0), context.shape(1)).within("Pow"));
  return TensorTypes{{context.dtype(0), std::move(shape)}};
}

Result<Tensors> Pow::evaluate(TensorInputs inputs, EvalContext& context) const {
  const DataType dtype = inputs[0]->dtype();
  if (dtype == inputs[1]->dtype()) {
    return evaluate_elementwise(kInfo, *expression(), inputs, context, ElementwiseResult::kSame);
  }
  TRY(const Dims dims, broadcast(inputs[0]->dims(), inputs[1]->dims()).within("Pow"));
  const bool integers = !is_float(dtype) && !is_float(inputs[1]->dtype());
  const DataType wide = integers ? DataType::kI64 : DataType::kF64;
  TRY_OK(context.check(wide, dims).within("Pow"));
  TRY(Tensor powers, bolide::evaluate(*expression(), inputs, wide, wide).within("Pow"));
  TRY(Tensor out, cast(powers, dtype).within("Pow"));
  return Tensors{std::move(out)};
}

}  // namespace bolide
