#include "ops/random.h"

#include "ops/elements.h"
#include "ops/random_generator.h"
#include "ops/reference.h"

#include <algorithm>
#include <limits>

namespace bolide {

Result<TensorTypes> Multinomial::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  if (context.rank(0) != 2 || context.shape(0)[1] == Dim(0)) {
    return invalid_argument("Multinomial: ", context.shape(0), " is not [batch, classes]");
  }
  if (dtype != DataType::kI32 && dtype != DataType::kI64) return unsupported("Multinomial: results of ", dtype);
  if (sample_size < 0) return invalid_argument("Multinomial: ", sample_size, " samples");
  return TensorTypes{{dtype, {context.shape(0)[0], sample_size}}};
}

Result<Tensors> Multinomial::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  if (inputs[0]->dims()[1] > std::numeric_limits<int>::max()) {
    return unsupported("Multinomial: ", inputs[0]->dims()[1], " classes");
  }
  const auto classes = static_cast<std::size_t>(inputs[0]->dims()[1]);
  std::vector<double> sums(classes);
  RandomGenerator generator(seed);
  for (std::int64_t row = 0; row < inputs[0]->dims()[0]; ++row) {
    load(*inputs[0], row * inputs[0]->dims()[1], static_cast<int>(classes), sums.data());
    const double top = *std::ranges::max_element(sums);
    double sum = 0;
    for (double& value : sums) value = sum += std::exp(value - top);
    for (std::int64_t i = 0; i < sample_size; ++i) {
      const auto found = std::ranges::upper_bound(sums, generator.uniform() * sum);
      const auto chosen = std::min<std::int64_t>(found - sums.begin(), static_cast<std::int64_t>(classes) - 1);
      store_one<std::int64_t>(out[0], row * sample_size + i, chosen);
    }
  }
  return out;
}

}  // namespace bolide
