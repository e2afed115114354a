#include "ops/random.h"

#include "ops/elements.h"
#include "ops/random_generator.h"
#include "ops/reference.h"

#include <algorithm>

namespace bolide {
namespace {

/// Of one element, whatever its rank.
Status check_scalar(const OpInfo& info, const InferContext& context, int index) {
  const auto count = element_count(context.shape(index)).constant();
  if (!count || *count == 1) return ok();
  return invalid_argument(info.name, ": input ", index, " is ", context.type(index), ", not one number");
}

}  // namespace

Result<TensorTypes> Dropout::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  for (int i = 1; i < context.input_count(); ++i) {
    if (context.has(i)) TRY_OK(check_scalar(kInfo, context, i));
  }
  if (context.has(1)) TRY_OK(require_float(kInfo, context, 1));
  if (context.has(2) && context.dtype(2) != DataType::kBool) {
    return invalid_argument("Dropout: training_mode is ", context.type(2), ", not bool");
  }
  TensorTypes out = {context.type(0), {DataType::kBool, context.shape(0)}};
  out.resize(static_cast<std::size_t>(std::clamp(context.output_count(), 1, 2)));
  return out;
}

Result<Tensors> Dropout::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Tensor& x = *inputs[0];
  const auto given = [&](std::size_t index) { return inputs.size() > index && inputs[index] != nullptr; };
  const bool training = given(2) && load_one<std::int64_t>(*inputs[2], 0) != 0;
  const double ratio = given(1) ? load_one<double>(*inputs[1], 0) : 0.5;
  if (!(ratio >= 0 && ratio <= 1)) return invalid_argument("Dropout: a ratio of ", ratio);
  RandomGenerator generator(seed);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const bool keep = !training || ratio == 0 || generator.uniform() >= ratio;
    const double scale = training ? 1 / (1 - ratio) : 1;
    store_one<double>(out[0], i, keep ? load_one<double>(x, i) * scale : 0);
    if (out.size() > 1) store_one<std::int64_t>(out[1], i, keep ? 1 : 0);
  }
  return out;
}

}  // namespace bolide
