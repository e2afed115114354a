#include "ops/fill.h"

#include "ops/elements.h"
#include "ops/reference.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> OneHot::infer(const InferContext& context) const {
  TRY(const std::size_t at, normalize_axis(axis, context.rank(0) + 1).within("OneHot"));
  if (!is_real(context.dtype(0)) || !is_real(context.dtype(1)))
    return invalid_argument("OneHot: indices are no numbers");
  if (context.rank(2) != 1 || !merge(context.shape(2)[0], 2)) {
    return invalid_argument("OneHot: values ", context.shape(2), ", where [2] belongs");
  }
  Dim depth = 0;
  if (const auto known = context.contents(1); known && known->size() == 1) {
    depth = (*known)[0];
  } else if (context.constant(1) != nullptr) {
    TRY(const double number, scalar_f64(*context.constant(1)).within("OneHot"));
    if (!(number >= 0 && number < static_cast<double>(Dim::kTooLarge))) {
      return invalid_argument("OneHot: depth ", number);
    }
    depth = static_cast<std::int64_t>(number);
  } else {
    depth = context.fresh_dim("depth");
  }
  TensorType out{context.dtype(2), context.shape(0)};
  out.shape.insert(out.shape.begin() + static_cast<std::ptrdiff_t>(at), depth);
  return TensorTypes{std::move(out)};
}

Result<Tensors> OneHot::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank() + 1));
  const std::int64_t depth = out[0].dims()[at];
  const std::int64_t inner = product(out[0].dims(), at + 1, out[0].dims().size());
  const std::int64_t outer = product(out[0].dims(), 0, at);
  const auto place_of = [&](std::int64_t i) {
    const auto given = load_one<double>(*inputs[0], i);
    const double index = given < 0 ? given + static_cast<double>(depth) : given;
    return index >= 0 && index < static_cast<double>(depth) ? static_cast<std::int64_t>(index) : -1;
  };
  if (bit_width(out[0].dtype()) < 8) {  // two elements may share a byte
    fill(out[0], *inputs[2]);
    for (std::int64_t i = 0; i < inputs[0]->count(); ++i) {
      const std::int64_t place = place_of(i);
      if (place >= 0) copy_run(*inputs[2], 1, out[0], (i / inner * depth + place) * inner + i % inner, 1);
    }
    return out;
  }
  with_element(out[0].dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* const values = reinterpret_cast<const T*>(inputs[2]->data());
    T* const to = reinterpret_cast<T*>(out[0].data());
    const std::int64_t block = depth * inner;
    parallel_ranges(outer, 1 + (1 << 13) / std::max<std::int64_t>(block, 1), [&](std::int64_t o, std::int64_t end) {
      for (; o < end; ++o) {
        std::fill_n(to + o * block, block, values[0]);
        for (std::int64_t n = 0; n < inner; ++n) {
          const std::int64_t place = place_of(o * inner + n);
          if (place >= 0) to[o * block + place * inner + n] = values[1];
        }
      }
    });
  });
  return out;
}

}  // namespace bolide
