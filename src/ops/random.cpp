#include "ops/random.h"

#include "ops/elements.h"
#include "ops/fill.h"
#include "ops/mersenne_twister.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide {
namespace {

class Generator {
 public:
  explicit Generator(std::int64_t seed) : bits_(static_cast<std::uint32_t>(seed)) {}

  double uniform() {
    const auto high = static_cast<double>(bits_() >> 5);
    const auto low = static_cast<double>(bits_() >> 6);
    return (high * 0x1p26 + low) * 0x1p-53;
  }
  double normal() {
    if (kept_) return *std::exchange(kept_, std::nullopt);
    double a = 0;
    double b = 0;
    double square = 0;
    do {
      a = 2 * uniform() - 1;
      b = 2 * uniform() - 1;
      square = a * a + b * b;
    } while (square >= 1 || square == 0);
    const double factor = std::sqrt(-2 * std::log(square) / square);
    kept_ = factor * a;
    return factor * b;
  }

 private:
  MersenneTwister bits_;
  std::optional<double> kept_;
};

Status check_input(const OpInfo& info, const InferContext& context, int index) {
  if (is_float(context.dtype(index))) return ok();
  return unsupported(info.name, ": input ", index, " is ", context.type(index), "; floats work");
}

/// Of one element, whatever its rank.
Status check_scalar(const OpInfo& info, const InferContext& context, int index) {
  const auto count = element_count(context.shape(index)).constant();
  if (!count || *count == 1) return ok();
  return invalid_argument(info.name, ": input ", index, " is ", context.type(index), ", not one number");
}

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
  Generator generator(seed);
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
  Generator generator(seed);
  for (std::int64_t i = 0; i < out[0].count(); ++i) {
    store_one<double>(out[0], i, double{mean} + double{scale} * generator.normal());
  }
  return out;
}

Result<TensorTypes> Bernoulli::infer(const InferContext& context) const {
  TRY_OK(check_input(kInfo, context, 0));
  if (!is_real(dtype)) return unsupported("Bernoulli of ", dtype, "; real numbers and bool work");
  return TensorTypes{{dtype, context.shape(0)}};
}

Result<Tensors> Bernoulli::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  Generator generator(seed);
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

Result<TensorTypes> Multinomial::infer(const InferContext& context) const {
  TRY_OK(check_input(kInfo, context, 0));
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
  Generator generator(seed);
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

Result<TensorTypes> Dropout::infer(const InferContext& context) const {
  TRY_OK(check_input(kInfo, context, 0));
  for (int i = 1; i < context.input_count(); ++i) {
    if (context.has(i)) TRY_OK(check_scalar(kInfo, context, i));
  }
  if (context.has(1)) TRY_OK(check_input(kInfo, context, 1));
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
  Generator generator(seed);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const bool keep = !training || ratio == 0 || generator.uniform() >= ratio;
    const double scale = training ? 1 / (1 - ratio) : 1;
    store_one<double>(out[0], i, keep ? load_one<double>(x, i) * scale : 0);
    if (out.size() > 1) store_one<std::int64_t>(out[1], i, keep ? 1 : 0);
  }
  return out;
}

}  // namespace bolide
