#include "ops/gather.h"

#include "ops/element_lines.h"

namespace bolide {

Result<TensorTypes> Gather::infer(const InferContext& context) const {
  TRY_OK(require_indices(kInfo, context));
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

}  // namespace bolide
