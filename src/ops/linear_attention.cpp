#include "ops/linear_attention.h"

#include "ops/reference.h"

#include <algorithm>
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

/// The sizes and numbers of one evaluation; pointers are null where an input is left out.
struct Tokens {
  std::int64_t length = 0;
  std::int64_t q_heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t d = 0;
  std::int64_t e = 0;
  double factor = 1;
  const double* q = nullptr;
  const double* k = nullptr;
  const double* v = nullptr;
  const double* decay = nullptr;
  std::int64_t decay_width = 0;
  const double* beta = nullptr;
  std::int64_t beta_width = 0;
  double* y = nullptr;
  double* states = nullptr;

  /// All tokens of head `h` of a batch's element `b`. `update` has room for e numbers. Each sum goes over d in order.
  void run(std::int64_t b, std::int64_t h, double* update) const {
    double* state = states + (b * kv_heads + h) * d * e;
    for (std::int64_t token = b * length; token < (b + 1) * length; ++token) {
      const double* key = k + (token * kv_heads + h) * d;
      if (decay != nullptr) fade(decay + token * decay_width, h, state);
      if (beta != nullptr) see(key, state, update);
      const double* value = v + (token * kv_heads + h) * e;
      if (beta == nullptr) {
        std::copy_n(value, e, update);
      } else {
        const double step = beta[token * beta_width + (beta_width == 1 ? 0 : h)];
        for (std::int64_t j = 0; j < e; ++j) update[j] = step * (value[j] - update[j]);
      }
      for (std::int64_t a = 0; a < d; ++a) add_scaled(key[a], update, state + a * e);
      for (std::int64_t g = h * (q_heads / kv_heads); g < (h + 1) * (q_heads / kv_heads); ++g) {
        const double* query = q + (token * q_heads + g) * d;
        double* out = y + (token * q_heads + g) * e;
        for (std::int64_t a = 0; a < d; ++a) add_scaled(factor * query[a], state + a * e, out);
      }
    }
  }

 private:
  /// to += number * from, of e numbers.
  void add_scaled(double number, const double* from, double* to) const {
    for (std::int64_t j = 0; j < e; ++j) to[j] += number * from[j];
  }

  void fade(const double* by, std::int64_t h, double* state) const {
    const bool per_key = decay_width != kv_heads;
    double kept = per_key ? 0 : std::exp(by[h]);
    for (std::int64_t a = 0; a < d; ++a) {
      if (per_key) kept = std::exp(by[h * d + a]);
      for (std::int64_t j = 0; j < e; ++j) state[a * e + j] *= kept;
    }
  }

  /// seen = S^T key.
  void see(const double* key, const double* state, double* seen) const {
    std::fill_n(seen, e, 0.0);
    for (std::int64_t a = 0; a < d; ++a) add_scaled(key[a], state + a * e, seen);
  }
};

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
  const std::int64_t d = inputs[0]->dims()[2] / q_num_heads;
  const std::int64_t e = inputs[2]->dims()[2] / kv_num_heads;
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  TRY(Tensor states, context.allocate(DataType::kF64, {batch, kv_num_heads, d, e}));
  const auto data = [&](int input) -> const double* {
    return numbers[input].count() == 0 ? nullptr : numbers[input].span<double>().data();
  };
  const auto width = [&](int input) { return data(input) == nullptr ? 0 : numbers[input].dims()[2]; };
  if (data(kPast) != nullptr) std::copy_n(data(kPast), states.count(), states.span<double>().data());
  const Tokens tokens{.length = inputs[0]->dims()[1],
                      .q_heads = q_num_heads,
                      .kv_heads = kv_num_heads,
                      .d = d,
                      .e = e,
                      .factor = scale != 0 ? double{scale} : 1 / std::sqrt(static_cast<double>(d)),
                      .q = data(0),
                      .k = data(1),
                      .v = data(2),
                      .decay = is_gated() ? data(kDecay) : nullptr,
                      .decay_width = width(kDecay),
                      .beta = is_delta() ? data(kBeta) : nullptr,
                      .beta_width = width(kBeta),
                      .y = y.span<double>().data(),
                      .states = states.span<double>().data()};
  const std::int64_t work = tokens.length * d * e;
  parallel_ranges(work == 0 ? 0 : batch * kv_num_heads, 1 + (1 << 14) / std::max<std::int64_t>(work, 1),
                  [&](std::int64_t begin, std::int64_t end) {
                    std::vector<double> update(static_cast<std::size_t>(e));
                    for (std::int64_t i = begin; i < end; ++i) {
                      tokens.run(i / kv_num_heads, i % kv_num_heads, update.data());
                    }
                  });
  Tensors out;
  const Tensor* both[] = {&y, &states};
  for (std::size_t i = 0; i < results.size(); ++i) {
    TRY(Tensor stored, store_f64(*both[i], results[i].dtype));
    out.push_back(std::move(stored));
  }
  return out;
}

}  // namespace bolide
