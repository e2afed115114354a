#include "ops/random.h"

#include "ops/elements.h"
#include "ops/random_generator.h"
#include "ops/reference.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> Bernoulli::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  if (!is_real(dtype)) return unsupported("Bernoulli of ", dtype, "; real numbers and bool work");
  return TensorTypes{{dtype, context.shape(0)}};
}

Result<Tensors> Bernoulli::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  RandomGenerator generator(seed);
  std::array<double, 1024> values;
  for (std::int64_t begin = 0; begin < out[0].count(); begin += 1024) {
    const auto count = static_cast<int>(std::min<std::int64_t>(1024, out[0].count() - begin));
    load(*inputs[0], begin, count, values.data());
    std::array<double, 1024> drawn;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) drawn[i] = generator.uniform();
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const double p = values[i];  // without branches: no one foresees them
      const int high = static_cast<int>(drawn[i] <= p) & static_cast<int>(!(p <= 0.5));
      const int low = static_cast<int>(drawn[i] > 1 - p) & static_cast<int>(p <= 0.5);
      values[i] = static_cast<double>(high | low);
    }
    store(out[0], begin, count, values.data());
  }
  return out;
}

}  // namespace bolide
