#include "ops/gather.h"

#include "ops/element_lines.h"

namespace bolide {
namespace {

Status check_indices(const OpInfo& info, const InferContext& context) {
  if (is_integer(context.dtype(1))) return ok();
  return invalid_argument(info.name, ": indices of ", context.dtype(1), ", not of integers");
}

}  // namespace

Result<TensorTypes> Gather::infer(const InferContext& context) const {
  TRY_OK(check_indices(kInfo, context));
  const Shape& data = context.shape(0);
  TRY(const std::size_t at, normalize_axis(axis, context.rank(0)).within("Gather"));
  const auto split = data.begin() + static_cast<std::ptrdiff_t>(at);
  TensorType out{context.dtype(0), Shape(data.begin(), split)};
  out.shape.insert(out.shape.end(), context.shape(1).begin(), context.shape(1).end());
  out.shape.insert(out.shape.end(), split + 1, data.end());
  return TensorTypes{std::move(out)};
}

Result<Tensors> Gather::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  TRY(const Indices indices, Indices::make(*inputs[1], {dims[at]}).within("Gather"));
  const std::int64_t outer = product(dims, 0, at);
  const std::int64_t inner = product(dims, at + 1, dims.size());
  const std::int64_t count = inputs[1]->count();
  std::int64_t to = 0;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t i = 0; i < count; ++i, to += inner) {
      copy_run(*inputs[0], (o * dims[at] + indices.at(i)) * inner, out[0], to, inner);
    }
  }
  return out;
}

std::optional<std::vector<Dim>> Gather::contents(const InferContext& context) const {
  const auto data = context.contents(0);
  const auto picked = context.contents(1);
  if (!data || !picked || context.rank(0) != 1) return std::nullopt;
  std::vector<Dim> out;
  for (const Dim& index : *picked) {
    if (!index.is_constant()) return std::nullopt;
    const auto at = normalize_index(*index.constant(), static_cast<std::int64_t>(data->size()));
    if (!at) return std::nullopt;
    out.push_back((*data)[static_cast<std::size_t>(*at)]);
  }
  return out;
}

Result<TensorTypes> GatherElements::infer(const InferContext& context) const {
  TRY_OK(check_indices(kInfo, context));
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

Result<TensorTypes> GatherND::infer(const InferContext& context) const {
  TRY_OK(check_indices(kInfo, context));
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
