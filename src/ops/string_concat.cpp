#include "ops/strings.h"

#include "ops/expr.h"
#include "ops/reference.h"

namespace bolide {

Result<TensorTypes> StringConcat::infer(const InferContext& context) const {
  TRY_OK(require_strings(kInfo, context));
  Result<Shape> shape = broadcast(context.shape(0), context.shape(1));
  if (!shape) return std::move(shape).within("StringConcat").error();
  return TensorTypes{{DataType::kString, *std::move(shape)}};
}

Result<Tensors> StringConcat::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  for (const Tensor* input : inputs) {
    Tensor spread = *input;
    if (spread.dims() != out[0].dims()) {
      TRY(spread, context.allocate(DataType::kString, out[0].dims()).within("StringConcat"));
      const Dims own = contiguous_strides(input->dims());
      Dims strides(out[0].dims().size(), 0);
      for (std::size_t d = 0; d < own.size(); ++d) {
        if (input->dims()[d] != 1) strides[strides.size() - own.size() + d] = own[d];
      }
      copy_strided(*input, spread, {out[0].dims(), 0, strides, 0, contiguous_strides(out[0].dims())});
    }
    const auto from = std::as_const(spread).span<std::string>();
    for (std::size_t i = 0; i < from.size(); ++i) out[0].span<std::string>()[i] += from[i];
  }
  return out;
}

}  // namespace bolide
