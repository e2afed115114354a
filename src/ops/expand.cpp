#include "ops/expand.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> Expand::infer(const InferContext& context) const {
  TRY_OK(check_sizes_input(kInfo, context, 1));
  auto target = context.contents(1);
  if (!target) {
    TRY(const std::int64_t rank, known_length(kInfo, context, 1));
    TensorType out{context.dtype(0), {}};
    for (std::int64_t i = std::max<std::int64_t>(rank, context.rank(0)); i > 0; --i) {
      // A size that is not 1 stays, whatever the target says.
      const auto at = static_cast<std::size_t>(context.rank(0) - i);
      const bool stays = i <= context.rank(0) && context.shape(0)[at].constant().value_or(1) != 1;
      out.shape.push_back(stays ? context.shape(0)[at] : context.fresh_dim("expanded"));
    }
    return TensorTypes{std::move(out)};
  }
  TRY(Shape shape, broadcast(context.shape(0), Shape(*target)).within("Expand"));
  return TensorTypes{{context.dtype(0), std::move(shape)}};
}

Result<Tensors> Expand::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  const Dims own = contiguous_strides(dims);
  Walk walk{out[0].dims(), 0, Dims(out[0].dims().size(), 0), 0, contiguous_strides(out[0].dims())};
  const std::size_t lead = walk.dims.size() - dims.size();
  for (std::size_t d = 0; d < dims.size(); ++d) walk.from_strides[lead + d] = dims[d] == 1 ? 0 : own[d];
  copy_strided(*inputs[0], out[0], walk);
  return out;
}

std::optional<std::vector<Dim>> Expand::contents(const InferContext& context) const {
  constexpr std::int64_t kMost = 4096;
  const auto data = context.contents(0);
  const auto target = context.contents(1);
  if (!data || !target || target->size() > 1) return std::nullopt;
  const std::int64_t count = target->empty() ? 1 : (*target)[0].constant().value_or(-1);
  if (count == 1 || (count >= 0 && static_cast<std::size_t>(count) == data->size())) return data;
  if (data->size() != 1 || count < 0 || count > kMost) return std::nullopt;
  return std::vector<Dim>(static_cast<std::size_t>(count), (*data)[0]);
}

Result<TensorTypes> Tile::infer(const InferContext& context) const {
  TRY_OK(check_sizes_input(kInfo, context, 1));
  TensorType out = context.type(0);
  const auto repeats = context.contents(1);
  if (repeats && repeats->size() != out.shape.size()) {
    return invalid_argument("Tile: ", repeats->size(), " repeats of a tensor of rank ", out.rank());
  }
  for (std::size_t i = 0; i < out.shape.size(); ++i) {
    if (repeats && (*repeats)[i].constant().value_or(0) < 0) {
      return invalid_argument("Tile: repeats ", *repeats, " below 0");
    }
    out.shape[i] = repeats ? out.shape[i] * (*repeats)[i] : context.fresh_dim("tiled");
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> Tile::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  TRY(const Dims repeats, to_i64(*inputs[1]));
  const Dims& dims = inputs[0]->dims();
  const Dims own = contiguous_strides(dims);
  const Dims strides = contiguous_strides(out[0].dims());
  Walk walk;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    walk.dims.insert(walk.dims.end(), {repeats[d], dims[d]});
    walk.from_strides.insert(walk.from_strides.end(), {0, own[d]});
    walk.to_strides.insert(walk.to_strides.end(), {dims[d] * strides[d], strides[d]});
  }
  copy_strided(*inputs[0], out[0], walk);
  return out;
}

}  // namespace bolide
