#include "ops/fused_elementwise.h"

#include "ops/elements.h"
#include "ops/reference.h"

namespace bolide {

Result<TensorTypes> Elementwise::infer(const InferContext& context) const {
  if (expr.inputs() != context.input_count()) {
    return invalid_argument("Elementwise: the expression reads ", expr.inputs(), " inputs, got ",
                            context.input_count());
  }
  Shape shape;
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) return invalid_argument("Elementwise: input ", i, " is missing");
    if (!is_real(context.dtype(i))) return unsupported("Elementwise: input ", i, " is ", context.type(i));
    Result<Shape> both = broadcast(shape, context.shape(i));
    if (!both) return std::move(both).within("Elementwise").error();
    shape = *std::move(both);
  }
  if (!is_real(out)) return unsupported("Elementwise: the result cannot be ", out);
  return TensorTypes{{out, std::move(shape)}};
}

Result<Tensors> Elementwise::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY_OK(context.check(out, results[0].dims));
  bool wide = out == DataType::kF64;
  for (const Tensor* input : inputs) wide = wide || input->dtype() == DataType::kF64;
  TRY(Tensor y, bolide::evaluate(expr, inputs, wide ? DataType::kF64 : DataType::kF32, out));
  return one(std::move(y));
}

}  // namespace bolide
