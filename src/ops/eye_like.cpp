#include "ops/fill.h"

#include "ops/elements.h"

namespace bolide {

Result<TensorTypes> EyeLike::infer(const InferContext& context) const {
  if (context.rank(0) != 2) return invalid_argument("EyeLike: ", context.shape(0), " is no matrix");
  const DataType type = same_dtype ? context.dtype(0) : dtype;
  if (!is_real(type)) return unsupported("EyeLike of ", type, "; real numbers and bool work");
  return TensorTypes{{type, context.shape(0)}};
}

Result<Tensors> EyeLike::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const std::int64_t rows = out[0].dims()[0];
  const std::int64_t columns = out[0].dims()[1];
  if (k <= -rows || k >= columns) return out;
  for (std::int64_t row = std::max<std::int64_t>(0, -k); row < rows && row + k < columns; ++row) {
    store_one<float>(out[0], row * columns + row + k, 1);
  }
  return out;
}

}  // namespace bolide
