#include "ops/gather.h"

#include "ops/element_lines.h"

namespace bolide {

Result<TensorTypes> GatherElements::infer(const InferContext& context) const {
  TRY_OK(require_indices(kInfo, context));
  TRY_OK(normalize_axis(axis, context.rank(0)).within("GatherElements"));
  if (context.rank(0) != context.rank(1)) {
    return invalid_argument("GatherElements: data ", context.shape(0), " and indices ", context.shape(1),
                            " differ in rank");
  }
  return TensorTypes{{context.dtype(0), context.shape(1)}};
}

/// to[i] = lines[i * step + given[i] * stride] for i in [0, count), without a branch; false where an index is outside
/// of
/// [-size, size), which may not be 0.
template <class T, class Index>
bool gather_run(const T* lines, std::int64_t step, std::int64_t stride, std::int64_t size, const Index* given, T* to,
                std::int64_t count) {
  bool good = true;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t place = given[i];
    place += (place >> 63) & size;
    const bool inside = static_cast<std::uint64_t>(place) < static_cast<std::uint64_t>(size);
    good = good & inside;
    to[i] = lines[i * step + (inside ? place : 0) * stride];
  }
  return good;
}

Result<Tensors> GatherElements::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  const Dims& wanted = inputs[1]->dims();
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (d != at && wanted[d] > dims[d]) {
      return invalid_argument("GatherElements: indices ", wanted, " reach beyond data ", dims);
    }
  }
  const ElementLines lines(wanted, dims, at);
  if (bit_width(out[0].dtype()) < 8) {  // two elements may share a byte
    TRY(const Indices indices, Indices::make(*inputs[1], {dims[at]}).within("GatherElements"));
    for (std::int64_t i = 0; i < out[0].count(); ++i) {
      copy_run(*inputs[0], lines.start(i) + indices.at(i) * lines.stride(), out[0], i, 1);
    }
    return out;
  }
  std::atomic<bool> wrong = false;
  TRY_OK(with_indices(*inputs[1], [&](const auto* given) {
    with_element(out[0].dtype(), [&](auto zero) {
      using T = decltype(zero);
      const T* const from = reinterpret_cast<const T*>(inputs[0]->data());
      T* const to = reinterpret_cast<T*>(out[0].data());
      const std::int64_t size = dims[at];
      const std::int64_t stride = lines.stride();
      if (size == 0) return wrong.store(out[0].count() > 0, std::memory_order_relaxed);
      lines.each_run([&](std::int64_t i, std::int64_t start, std::int64_t count, std::int64_t step) {
        const bool good = step == 0 && stride == 1
                              ? gather_run(from + start, 0, 1, size, given + i, to + i, count)
                              : gather_run(from + start, step, stride, size, given + i, to + i, count);
        if (!good) wrong.store(true, std::memory_order_relaxed);
      });
    });
    return ok();
  }));
  if (wrong) TRY_OK(Indices::make(*inputs[1], {dims[at]}).within("GatherElements"));
  return out;
}

}  // namespace bolide
