#include "ops/random.h"

#include "ops/elements.h"
#include "ops/fill.h"
#include "ops/random_generator.h"

namespace bolide {
namespace {

Result<TensorTypes> infer_sized(const OpInfo& info, DataType dtype, const InferContext& context) {
  if (!is_float(dtype)) return unsupported(info.name, " of ", dtype, "; floats work");
  TRY(TensorType out, type_of_sizes(info, dtype, context));
  return TensorTypes{std::move(out)};
}

}  // namespace

Result<TensorTypes> RandomUniform::infer(const InferContext& context) const {
  return infer_sized(kInfo, dtype, context);
}

Result<Tensors> RandomUniform::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  RandomGenerator generator(seed);
  for (std::int64_t i = 0; i < out[0].count(); ++i) {
    store_one<double>(out[0], i, double{low} + (double{high} - double{low}) * generator.uniform());
  }
  return out;
}

Result<TensorTypes> RandomNormal::infer(const InferContext& context) const {
  return infer_sized(kInfo, dtype, context);
}

Result<Tensors> RandomNormal::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  RandomGenerator generator(seed);
  for (std::int64_t i = 0; i < out[0].count(); ++i) {
    store_one<double>(out[0], i, double{mean} + double{scale} * generator.normal());
  }
  return out;
}

}  // namespace bolide
