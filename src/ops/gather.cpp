#include "ops/gather.h"

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
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  TRY(Dims indices, to_i64(*inputs[1]));
  for (std::int64_t& index : indices) {
    TRY(index, normalize_index(index, dims[at]).within("Gather"));
  }
  const std::int64_t outer = product(dims, 0, at);
  const std::int64_t inner = product(dims, at + 1, dims.size());
  std::int64_t to = 0;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (const std::int64_t index : indices) {
      copy_run(*inputs[0], (o * dims[at] + index) * inner, out[0], to, inner);
      to += inner;
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

Result<Tensors> GatherElements::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  const Dims& wanted = inputs[1]->dims();
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (d != at && wanted[d] > dims[d]) {
      return invalid_argument("GatherElements: indices ", wanted, " reach beyond data ", dims);
    }
  }
  TRY(const Dims indices, to_i64(*inputs[1]));
  if (indices.empty()) return out;
  const Dims strides = contiguous_strides(dims);
  Dims index(dims.size(), 0);
  std::size_t i = 0;
  do {
    TRY(const std::int64_t picked, normalize_index(indices[i], dims[at]).within("GatherElements"));
    std::int64_t from = (picked - index[at]) * strides[at];
    for (std::size_t d = 0; d < dims.size(); ++d) from += index[d] * strides[d];
    copy_run(*inputs[0], from, out[0], static_cast<std::int64_t>(i++), 1);
  } while (next_index(index, wanted));
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
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  TRY(const Dims indices, to_i64(*inputs[1]));
  const auto depth = static_cast<std::size_t>(inputs[1]->dims().back());
  const auto batch = static_cast<std::size_t>(batch_dims);
  const std::int64_t batches = product(dims, 0, batch);
  const std::int64_t per_batch = product(inputs[1]->dims(), batch, inputs[1]->dims().size() - 1);
  const std::int64_t inner = product(dims, batch + depth, dims.size());
  std::int64_t to = 0;
  std::size_t next = 0;
  for (std::int64_t b = 0; b < batches; ++b) {
    for (std::int64_t i = 0; i < per_batch; ++i) {
      std::int64_t at = b;
      for (std::size_t d = 0; d < depth; ++d) {
        TRY(const std::int64_t index, normalize_index(indices[next++], dims[batch + d]).within("GatherND"));
        at = at * dims[batch + d] + index;
      }
      copy_run(*inputs[0], at * inner, out[0], to, inner);
      to += inner;
    }
  }
  return out;
}

}  // namespace bolide
