#include "ops/fill.h"

#include "ops/elements.h"
#include "ops/reference.h"

#include <cmath>

namespace bolide {
namespace {

constexpr std::int64_t kMostContents = 4096;

/// Elements of a range. Errors: InvalidArgument for a delta of 0 or a NaN.
Result<std::int64_t> range_count(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  if (!is_float(start.dtype())) {
    TRY(const Dims from, to_i64(start));
    TRY(const Dims to, to_i64(limit));
    TRY(const Dims by, to_i64(delta));
    if (by[0] == 0) return invalid_argument("Range: a delta of 0");
    if (by[0] > 0 ? from[0] >= to[0] : from[0] <= to[0]) return 0;
    // The distance of two i64 fits into u64.
    const auto low = static_cast<std::uint64_t>(by[0] > 0 ? from[0] : to[0]);
    const auto high = static_cast<std::uint64_t>(by[0] > 0 ? to[0] : from[0]);
    const std::uint64_t step = by[0] > 0 ? static_cast<std::uint64_t>(by[0]) : 0 - static_cast<std::uint64_t>(by[0]);
    const std::uint64_t count = (high - low - 1) / step + 1;
    return static_cast<std::int64_t>(std::min<std::uint64_t>(count, Dim::kTooLarge));
  }
  TRY(const double from, scalar_f64(start));
  TRY(const double to, scalar_f64(limit));
  TRY(const double by, scalar_f64(delta));
  const double count = std::ceil((to - from) / by);
  if (by == 0 || std::isnan(count)) return invalid_argument("Range: from ", from, " to ", to, " by ", by);
  return count <= 0 ? 0 : static_cast<std::int64_t>(std::min(count, static_cast<double>(Dim::kTooLarge)));
}

}  // namespace

Result<TensorTypes> RangeOp::infer(const InferContext& context) const {
  for (int i = 0; i < 3; ++i) {
    const Shape& shape = context.shape(i);
    if (context.dtype(i) != context.dtype(0) || !is_real(context.dtype(i)) || context.rank(i) > 1 ||
        (context.rank(i) == 1 && !merge(shape[0], 1))) {
      return invalid_argument("Range: input ", i, " is ", context.type(i), ", where scalars of one dtype belong");
    }
  }
  TensorType out{context.dtype(0), {Dim(0)}};
  if (context.constant(0) != nullptr && context.constant(1) != nullptr && context.constant(2) != nullptr) {
    TRY(out.shape[0], range_count(*context.constant(0), *context.constant(1), *context.constant(2)));
    return TensorTypes{std::move(out)};
  }
  const auto start = context.contents(0);
  const auto limit = context.contents(1);
  const auto delta = context.contents(2);
  const std::int64_t step = delta && delta->size() == 1 ? (*delta)[0].constant().value_or(0) : 0;
  if (start && limit && step > 0 && start->size() == 1 && limit->size() == 1) {
    const Dim length = (*limit)[0] - (*start)[0];
    out.shape[0] = Dim::max(length, 0).ceil_div(step);
  } else {
    out.shape[0] = context.fresh_dim("range");
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> RangeOp::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  with_compute_type(compute_type(out[0].dtype()), [&](auto zero) {
    using T = decltype(zero);
    const T start = load_one<T>(*inputs[0], 0);
    const T delta = load_one<T>(*inputs[2], 0);
    constexpr std::int64_t kBlock = 1024;
    const bool plain = out[0].dtype() == dtype_of<T>;
    parallel_ranges((out[0].count() + kBlock - 1) / kBlock, 8, [&](std::int64_t block, std::int64_t end) {
      for (; block < end; ++block) {
        std::array<T, kBlock> made;
        const auto count = static_cast<int>(std::min(kBlock, out[0].count() - block * kBlock));
        T* const values = plain ? out[0].span<T>().data() + block * kBlock : made.data();
        if constexpr (std::is_integral_v<T>) {
          const auto step = static_cast<std::uint64_t>(delta);
          std::uint64_t next = static_cast<std::uint64_t>(start) + static_cast<std::uint64_t>(block * kBlock) * step;
          for (int i = 0; i < count; ++i, next += step) values[i] = static_cast<T>(next);  // wraps
        } else {
          for (int i = 0; i < count; ++i) values[i] = start + static_cast<T>(block * kBlock + i) * delta;
        }
        if (!plain) store(out[0], block * kBlock, count, values);
      }
    });
  });
  return out;
}

std::optional<std::vector<Dim>> RangeOp::contents(const InferContext& context) const {
  const auto start = context.contents(0);
  const auto delta = context.contents(2);
  if (!start || !delta || start->size() != 1 || delta->size() != 1 || is_float(context.dtype(0))) return std::nullopt;
  const auto types = infer(context);
  if (!types) return std::nullopt;
  const std::int64_t count = (*types)[0].shape[0].constant().value_or(-1);
  if (count < 0 || count > kMostContents) return std::nullopt;
  std::vector<Dim> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back((*start)[0] + (*delta)[0] * i);
  return out;
}

}  // namespace bolide
