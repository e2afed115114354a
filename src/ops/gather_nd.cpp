#include "ops/gather.h"

#include "ops/element_lines.h"

namespace bolide {

Result<TensorTypes> GatherND::infer(const InferContext& context) const {
  TRY_OK(require_indices(kInfo, context));
  const Shape& data = context.shape(0);
  const Shape& indices = context.shape(1);
  if (indices.empty()) return invalid_argument("GatherND: indices without axes");
  const auto depth = indices.back().constant();
  if (!depth) return unsupported("GatherND: the last size of indices ", indices, " is not known");
  if (batch_dims < 0 || batch_dims >= context.rank(1) || *depth < 0 || *depth > context.rank(0) - batch_dims) {
    return invalid_argument("GatherND: indices ", indices, " with ", batch_dims, " batch dims into data ", data);
  }
  TensorType out{context.dtype(0), Shape(indices.begin(), indices.end() - 1)};
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch_dims); ++i) {
    TRY(out.shape[i], merge(indices[i], data[i]).within("GatherND"));
  }
  out.shape.insert(out.shape.end(), data.begin() + batch_dims + *depth, data.end());
  return TensorTypes{std::move(out)};
}

Result<Tensors> GatherND::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  const auto depth = static_cast<std::size_t>(inputs[1]->dims().back());
  const auto batch = static_cast<std::size_t>(batch_dims);
  const std::int64_t batches = product(dims, 0, batch);
  const std::int64_t per_batch = product(inputs[1]->dims(), batch, inputs[1]->dims().size() - 1);
  const std::int64_t inner = product(dims, batch + depth, dims.size());
  const Dims sizes(dims.begin() + batch_dims, dims.begin() + batch_dims + inputs[1]->dims().back());
  const auto grain = bit_width(out[0].dtype()) < 8 ? batches * per_batch : (1 << 14) / std::max<std::int64_t>(inner, 8);
  std::atomic<bool> wrong = false;
  TRY_OK(with_indices(*inputs[1], [&](const auto* given) {
    /// copy(from, i) for every slice.
    const auto each = [&](const auto& copy) {
      parallel_ranges(batches * per_batch, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          std::int64_t at = batch == 0 ? 0 : i / per_batch;
          bool inside = true;
          for (std::size_t d = 0; d < depth; ++d) {
            const std::int64_t place = place_within(given[static_cast<std::size_t>(i) * depth + d], sizes[d]);
            inside = inside && place >= 0;
            at = at * sizes[d] + place;
          }
          if (!inside) return wrong.store(true, std::memory_order_relaxed);
          copy(at, i);
        }
      });
    };
    if (inner != 1 || bit_width(out[0].dtype()) < 8) {
      each([&](std::int64_t from, std::int64_t i) { copy_run(*inputs[0], from * inner, out[0], i * inner, inner); });
      return ok();
    }
    with_element(out[0].dtype(), [&](auto zero) {
      using T = decltype(zero);
      const T* const data = reinterpret_cast<const T*>(inputs[0]->data());
      T* const to = reinterpret_cast<T*>(out[0].data());
      each([&](std::int64_t from, std::int64_t i) { to[i] = data[from]; });
    });
    return ok();
  }));
  if (wrong) TRY_OK(Indices::make(*inputs[1], sizes).within("GatherND"));
  return out;
}

}  // namespace bolide
