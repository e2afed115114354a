#include "ops/linear_attention.h"

#include "ops/reference.h"

#include <cmath>

namespace bolide {
namespace {

constexpr int kPast = 3;
constexpr int kDecay = 4;
constexpr int kBeta = 5;

Result<Dim> part(const Dim& size, std::int64_t heads, std::string_view what) {
  if (size.constant() && *size.constant() % heads != 0) {
    return invalid_argument("LinearAttention: ", what, " of size ", size, " in ", heads, " heads");
  }
  return size.floor_div(heads);
}

}  // namespace

Result<TensorTypes> LinearAttention::infer(const InferContext& context) const {
  if (q_num_heads < 1 || kv_num_heads < 1 || q_num_heads % kv_num_heads != 0 || q_num_heads > (1 << 20)) {
    return invalid_argument("LinearAttention: ", q_num_heads, " query heads on ", kv_num_heads, " key heads");
  }
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) continue;
    TRY_OK(require_float(kInfo, context, i));
    if (context.rank(i) != (i == kPast ? 4 : 3)) {
      return invalid_argument("LinearAttention: input ", i, " is ", context.type(i), "; needs rank ",
                              i == kPast ? 4 : 3);
    }
    TRY_OK(require_equal(kInfo, "batch", context.shape(i)[0], context.shape(0)[0]));
    if (i != kPast) TRY_OK(require_equal(kInfo, "length", context.shape(i)[1], context.shape(0)[1]));
  }
  if (is_gated() && !context.has(kDecay)) return invalid_argument("LinearAttention: the gated rules need 'decay'");
  if (is_delta() && !context.has(kBeta)) return invalid_argument("LinearAttention: the delta rules need 'beta'");
  TRY(const Dim d, part(context.shape(0)[2], q_num_heads, "query"));
  TRY(const Dim e, part(context.shape(2)[2], kv_num_heads, "value"));
  TRY_OK(require_equal(kInfo, "size of key", context.shape(1)[2], d * kv_num_heads));
  const Shape state = {context.shape(0)[0], Dim(kv_num_heads), d, e};
  if (context.has(kPast)) {
    for (std::size_t i = 1; i < 4; ++i)
      TRY_OK(require_equal(kInfo, "size of past_state", context.shape(kPast)[i], state[i]));
  }
  const auto width = [&](int i) { return context.has(i) ? context.shape(i)[2].constant() : std::nullopt; };
  if (const auto got = width(kBeta); got && *got != 1 && *got != kv_num_heads) {
    return invalid_argument("LinearAttention: beta of size ", *got, " for ", kv_num_heads, " heads");
  }
  if (const auto got = width(kDecay); got && *got != kv_num_heads) {
    TRY_OK(require_equal(kInfo, "size of decay", Dim(*got), d * kv_num_heads));
  }
  TensorTypes out = {{context.dtype(0), {context.shape(0)[0], context.shape(0)[1], e * q_num_heads}}};
  if (context.output_count() > 1) out.push_back({context.dtype(context.has(kPast) ? kPast : 0), state});
  return out;
}

Result<Tensors> LinearAttention::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  Tensor numbers[6];
  for (int i = 0; i < 6; ++i) {
    if (input_at(inputs, i) == nullptr) continue;
    TRY(numbers[i], as_f64(*inputs[static_cast<std::size_t>(i)]));
  }
  const std::int64_t batch = inputs[0]->dims()[0];
  const std::int64_t length = inputs[0]->dims()[1];
  const std::int64_t d = inputs[0]->dims()[2] / q_num_heads;
  const std::int64_t e = inputs[2]->dims()[2] / kv_num_heads;
  const std::int64_t group = q_num_heads / kv_num_heads;
  const double factor = scale != 0 ? double{scale} : 1 / std::sqrt(static_cast<double>(d));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  TRY(Tensor states, context.allocate(DataType::kF64, {batch, kv_num_heads, d, e}));
  if (numbers[kPast].count() > 0)
    std::copy_n(numbers[kPast].span<double>().begin(), states.count(), states.span<double>().begin());
  /// The numbers of head h (of `heads`) at a token; null when the input is left out.
  const auto row = [&](int input, std::int64_t token, std::int64_t h, std::int64_t heads) -> const double* {
    if (numbers[input].count() == 0) return nullptr;
    const std::int64_t width = inputs[static_cast<std::size_t>(input)]->dims()[2];
    return numbers[input].span<double>().data() + token * width + (heads == 0 ? 0 : width / heads * h);
  };
  const bool per_key = numbers[kDecay].count() > 0 && inputs[kDecay]->dims()[2] != kv_num_heads;
  const bool one_beta = numbers[kBeta].count() > 0 && inputs[kBeta]->dims()[2] == 1;
  std::vector<double> update(static_cast<std::size_t>(batch * length == 0 ? 0 : e));
  for (std::int64_t i = 0; i < batch * kv_num_heads * length; ++i) {
    const std::int64_t h = i / length % kv_num_heads;
    const std::int64_t token = i / length / kv_num_heads * length + i % length;
    double* state = states.span<double>().data() + i / length * d * e;
    const double* k = row(1, token, h, kv_num_heads);
    const double* v = row(2, token, h, kv_num_heads);
    const double* decay = is_gated() ? row(kDecay, token, h, kv_num_heads) : nullptr;
    for (std::int64_t s = 0; decay != nullptr && s < d * e; ++s) state[s] *= std::exp(decay[per_key ? s / e : 0]);
    const double beta = is_delta() ? *row(kBeta, token, h, one_beta ? 0 : kv_num_heads) : 1;
    for (std::int64_t j = 0; j < e; ++j) {
      double seen = 0;
      for (std::int64_t a = 0; is_delta() && a < d; ++a) seen += state[a * e + j] * k[a];
      update[static_cast<std::size_t>(j)] = beta * (v[j] - seen);
    }
    for (std::int64_t s = 0; s < d * e; ++s) state[s] += k[s / e] * update[static_cast<std::size_t>(s % e)];
    for (std::int64_t g = h * group; g < (h + 1) * group; ++g) {
      const double* q = row(0, token, g, q_num_heads);
      double* out = y.span<double>().data() + (token * q_num_heads + g) * e;
      for (std::int64_t s = 0; s < d * e; ++s) out[s % e] += factor * q[s / e] * state[s];
    }
  }
  Tensors out;
  const Tensor* both[] = {&y, &states};
  for (std::size_t i = 0; i < results.size(); ++i) {
    TRY(Tensor stored, store_f64(*both[i], results[i].dtype));
    out.push_back(std::move(stored));
  }
  return out;
}

}  // namespace bolide
