#include "ops/pad.h"

#include <algorithm>

namespace bolide {
namespace {

/// Begins and ends for each axis of data from the pads of some axes. Errors: InvalidArgument.
template <class T>
Result<std::vector<std::pair<T, T>>> spread(const std::vector<T>& pads, const std::optional<Dims>& axes, int rank) {
  std::vector<std::pair<T, T>> out(static_cast<std::size_t>(rank), {T(0), T(0)});
  Dims all;
  for (int i = 0; i < rank; ++i) all.push_back(i);
  TRY(const std::vector<std::size_t> at, normalize_axes(axes ? *axes : all, rank).within("Pad"));
  if (pads.size() != at.size() * 2) return invalid_argument("Pad: ", pads.size(), " pads for ", at.size(), " axes");
  for (std::size_t i = 0; i < at.size(); ++i) out[at[i]] = {pads[i], pads[i + at.size()]};
  return out;
}

/// The element of an axis of `size` that stands at `position`; -1: none, the value.
std::int64_t source(PadMode mode, std::int64_t position, std::int64_t size) {
  if (position >= 0 && position < size) return position;
  if (mode == PadMode::kConstant || size == 0) return -1;
  if (mode == PadMode::kEdge) return position < 0 ? 0 : size - 1;
  const std::int64_t period = mode == PadMode::kWrap ? size : std::max<std::int64_t>(2 * (size - 1), 1);
  const std::int64_t folded = ((position % period) + period) % period;
  return folded < size ? folded : period - folded;
}

}  // namespace

Result<TensorTypes> Pad::infer(const InferContext& context) const {
  TRY_OK(check_sizes_input(kInfo, context, 1));
  TensorType out = context.type(0);
  if (context.has(2) && context.dtype(2) != out.dtype) {
    return invalid_argument("Pad: data of ", out.dtype, " and a value of ", context.dtype(2));
  }
  const auto pads = context.contents(1);
  std::optional<Dims> axes;
  bool known = pads.has_value();
  if (context.has(3)) {
    const auto given = context.contents(3);
    axes = given ? constant_dims(*given) : std::nullopt;
    known = known && axes.has_value();
  }
  if (!known) {
    for (Dim& size : out.shape) size = context.fresh_dim("padded");
    return TensorTypes{std::move(out)};
  }
  TRY(const auto amounts, spread(*pads, axes, out.rank()));
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    const Dim padded = out.shape[i] + amounts[i].first + amounts[i].second;
    if (padded.constant().value_or(0) < 0) {
      return invalid_argument("Pad: size ", out.shape[i], " of axis ", i, " becomes ", padded);
    }
    out.shape[i] = padded;
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> Pad::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Tensor& data = *inputs[0];
  TRY(const Dims pads, to_i64(*inputs[1]));
  std::optional<Dims> axes;
  if (inputs.size() > 3 && inputs[3] != nullptr) {
    TRY(axes, to_i64(*inputs[3]));
  }
  TRY(const auto amounts, spread(pads, axes, data.rank()));
  const Dims& dims = out[0].dims();
  if (out[0].count() == 0) return out;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (mode != PadMode::kConstant && data.dims()[d] == 0 && dims[d] != 0) {
      return invalid_argument("Pad: axis ", d, " of ", data.dims(), " has nothing to repeat");
    }
  }
  if (inputs.size() > 2 && inputs[2] != nullptr) {
    if (inputs[2]->count() != 1) return invalid_argument("Pad: a value of sizes ", inputs[2]->dims());
    fill(out[0], *inputs[2]);
  }
  const Dims strides = contiguous_strides(data.dims());
  Dims index(dims.size(), 0);
  std::int64_t to = 0;
  do {
    std::int64_t from = 0;
    bool inside = true;
    for (std::size_t d = 0; d < dims.size() && inside; ++d) {
      const std::int64_t at = source(mode, index[d] - amounts[d].first, data.dims()[d]);
      inside = at >= 0;
      from += at * strides[d];
    }
    if (inside) copy_run(data, from, out[0], to, 1);
    ++to;
  } while (next_index(index, dims));
  return out;
}

}  // namespace bolide
