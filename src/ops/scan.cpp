#include "ops/scan.h"

#include "base/time_limit.h"
#include "ops/containers.h"
#include "ops/movement.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::int64_t kMostEmptyElements = 1 << 20;  // no memory bounds their number

std::int64_t at_or(const std::vector<std::int64_t>& list, std::size_t index) {
  return index < list.size() ? list[index] : 0;
}

/// The copy between element i along `axis` of a tensor of sizes `whole`, and all of a tensor without that axis.
Walk element_walk(const Dims& whole, std::size_t axis) {
  Walk walk{.dims = whole, .from_strides = contiguous_strides(whole)};
  walk.dims.erase(walk.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  walk.from_strides.erase(walk.from_strides.begin() + static_cast<std::ptrdiff_t>(axis));
  walk.to_strides = contiguous_strides(walk.dims);
  return walk;
}

Result<Tensor> element(const Tensor& x, std::size_t axis, std::int64_t i, const EvalContext& context) {
  Walk walk = element_walk(x.dims(), axis);
  walk.from_at = i * contiguous_strides(x.dims())[axis];
  TRY(Tensor out, context.allocate(x.dtype(), walk.dims));
  copy_strided(x, out, walk);
  return out;
}

/// Element i of `whole` = part. Errors: InvalidArgument for another dtype or other sizes.
Status put_element(const Tensor& part, std::size_t axis, std::int64_t i, Tensor& whole) {
  Walk walk = element_walk(whole.dims(), axis);
  if (part.dtype() != whole.dtype() || part.dims() != walk.dims) {
    return invalid_argument("Scan: an element is ", part.type(), " and fits not into ", whole.type());
  }
  std::swap(walk.from_strides, walk.to_strides);
  walk.to_at = i * contiguous_strides(whole.dims())[axis];
  copy_strided(part, whole, walk);
  return ok();
}

/// A tensor for `size` elements of that type along a new axis.
Result<Tensor> room_for(const TensorType& type, std::int64_t size, std::size_t axis, const EvalContext& context) {
  Dims dims;
  for (const Dim& dim : type.shape) dims.push_back(dim.constant().value_or(0));
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), size);
  return context.allocate(type.dtype, std::move(dims));
}

/// One sequence: what all of a batch share.
struct Sequence {
  const Scan& scan;
  EvalContext& context;
  std::int64_t size = 0;  ///< of the scanned outputs
  Tensors captures = {};

  /// The last states and the scanned outputs. `values` are the states and the scanned values; `length` elements run.
  Result<Tensors> run(Tensors values, std::int64_t length) const {
    const auto states = static_cast<std::size_t>(scan.states);
    TRY(const TensorTypes types, context.subgraph_types(0));
    Tensors outputs(types.size() - states);
    std::vector<std::size_t> axes;
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      TRY(const std::size_t axis,
          normalize_axis(at_or(scan.output_axes, o), types[states + o].rank() + 1).within("Scan"));
      axes.push_back(axis);
      if (length > 0) continue;
      TRY(outputs[o], room_for(types[states + o], size, axis, context).within("Scan"));
    }
    for (std::int64_t t = 0; t < length; ++t) {
      TRY_OK(TimeLimit::check());
      TRY(const Tensors arguments, arguments_at(values, t, length));
      TRY(Tensors results, context.run_subgraph(0, arguments));
      if (results.size() != types.size()) return internal_error("Scan: the body gives ", results.size(), " results");
      for (std::size_t o = 0; o < outputs.size(); ++o) {
        const Tensor& part = results[states + o];
        if (t == 0) {
          TRY(outputs[o], room_for(part.type(), size, axes[o], context).within("Scan"));
        }
        const bool from_end = at_or(scan.output_directions, o) != 0;
        TRY_OK(put_element(part, axes[o], from_end ? length - 1 - t : t, outputs[o]));
      }
      for (std::size_t s = 0; s < states; ++s) {
        if (results[s].type() != values[s].type()) {
          return invalid_argument("Scan: state ", s, " was ", values[s].type(), " and becomes ", results[s].type());
        }
        values[s] = std::move(results[s]);
      }
    }
    values.resize(states);
    for (Tensor& output : outputs) values.push_back(std::move(output));
    return values;
  }

 private:
  Result<Tensors> arguments_at(const Tensors& values, std::int64_t t, std::int64_t length) const {
    const auto states = static_cast<std::size_t>(scan.states);
    Tensors out(values.begin(), values.begin() + scan.states);
    for (std::size_t i = states; i < values.size(); ++i) {
      TRY(const std::size_t axis, normalize_axis(at_or(scan.input_axes, i - states), values[i].rank()).within("Scan"));
      const bool from_end = at_or(scan.input_directions, i - states) != 0;
      TRY(Tensor one, element(values[i], axis, from_end ? length - 1 - t : t, context).within("Scan"));
      out.push_back(std::move(one));
    }
    out.insert(out.end(), captures.begin(), captures.end());
    return out;
  }
};

}  // namespace

Result<TensorType> Scan::element_type(std::size_t index, const TensorType& scanned) const {
  const std::int64_t batch = batched ? 1 : 0;
  if (scanned.rank() <= batch) return invalid_argument("Scan: scanned value ", index, " is ", scanned);
  TRY(const std::size_t axis,
      normalize_axis(at_or(input_axes, index), scanned.rank() - static_cast<int>(batch)).within("Scan"));
  TensorType out = scanned;
  out.shape.erase(out.shape.begin() + static_cast<std::ptrdiff_t>(axis) + batch);
  if (batched) out.shape.erase(out.shape.begin());
  return out;
}

Result<TensorTypes> Scan::infer(const InferContext& context) const {
  const int first = batched ? 1 : 0;
  if (states < 0 || scans < 1 || states > context.input_count() || scans > context.input_count() - states - first) {
    return invalid_argument("Scan: ", context.input_count(), " inputs for ", states, " states and ", scans,
                            " scanned values");
  }
  if (!context.subgraph_types) return internal_error("Scan: there is no body");
  TRY(const TensorTypes body, context.subgraph_types(0));
  if (static_cast<std::int64_t>(body.size()) < states) {
    return invalid_argument("Scan: the body gives ", body.size(), " results for ", states, " states");
  }
  Dim length;
  Dim batch;
  for (int i = 0; i < static_cast<int>(scans); ++i) {
    const int input = first + static_cast<int>(states) + i;
    if (!context.has(input)) return invalid_argument("Scan: scanned value ", i, " is missing");
    TRY_OK(element_type(static_cast<std::size_t>(i), context.type(input)));
    TRY(const std::size_t axis,
        normalize_axis(at_or(input_axes, static_cast<std::size_t>(i)), context.rank(input) - first));
    const Dim& own = context.shape(input)[axis + static_cast<std::size_t>(first)];
    Result<Dim> merged = i == 0 ? own : merge(length, own);
    if (!merged) return std::move(merged).within("Scan: lengths of scanned values").error();
    length = *std::move(merged);
    batch = context.shape(input)[0];
  }
  TensorTypes types;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (static_cast<std::int64_t>(i) < states) {
      const int input = first + static_cast<int>(i);
      if (!context.has(input)) return invalid_argument("Scan: state ", i, " is missing");
      const TensorType& initial = context.type(input);
      if (initial.dtype != body[i].dtype || initial.rank() != body[i].rank() + first) {
        return unsupported("Scan: state ", i, " starts as ", initial, " and becomes ", body[i]);
      }
      types.push_back(initial);
      continue;
    }
    TensorType type = with_own_sizes(body[i], context, "scan");
    const std::size_t output = i - static_cast<std::size_t>(states);
    TRY(const std::size_t axis, normalize_axis(at_or(output_axes, output), type.rank() + 1).within("Scan"));
    type.shape.insert(type.shape.begin() + static_cast<std::ptrdiff_t>(axis), length);
    if (batched) type.shape.insert(type.shape.begin(), batch);
    types.push_back(std::move(type));
  }
  return types;
}

Result<Tensors> Scan::evaluate(TensorInputs inputs, EvalContext& context) const {
  const std::size_t first = batched ? 1 : 0;
  const auto own = static_cast<std::size_t>(states + scans);
  if (inputs.size() < first + own) return invalid_argument("Scan: ", inputs.size(), " inputs, not ", first + own);
  if (!context.run_subgraph || !context.subgraph_types) return internal_error("Scan: there is no body");
  Sequence sequence{*this, context};
  Tensors values;
  for (std::size_t i = first; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr) return invalid_argument("Scan: input ", i, " is missing");
    (i < first + own ? values : sequence.captures).push_back(*inputs[i]);
  }
  for (std::size_t i = static_cast<std::size_t>(states); i < own; ++i) {
    const std::size_t index = i - static_cast<std::size_t>(states);
    TRY_OK(element_type(index, values[i].type()));
    TRY(const std::size_t axis, normalize_axis(at_or(input_axes, index), values[i].rank() - static_cast<int>(first)));
    const std::int64_t length = values[i].dims()[axis + first];
    if (index > 0 && length != sequence.size) {
      return invalid_argument("Scan: scanned values of ", sequence.size, " and ", length, " elements");
    }
    sequence.size = length;
  }
  const bool empty = std::ranges::all_of(std::span(values).subspan(static_cast<std::size_t>(states)),
                                         [](const Tensor& value) { return value.count() == 0; });
  if (empty && sequence.size > kMostEmptyElements) {
    return out_of_memory("Scan: ", sequence.size, " elements, each of them empty; up to ", kMostEmptyElements, " run");
  }
  if (!batched) return sequence.run(std::move(values), sequence.size);

  const std::int64_t batch = values.back().dims()[0];
  Dims lengths(static_cast<std::size_t>(batch), sequence.size);
  if (inputs[0] != nullptr) {
    TRY(lengths, to_i64(*inputs[0]));
  }
  for (const Tensor& value : values) {
    if (value.rank() < 1 || value.dims()[0] != batch || lengths.size() != static_cast<std::size_t>(batch)) {
      return invalid_argument("Scan: ", value.type(), " with ", lengths.size(), " lengths in a batch of ", batch);
    }
  }
  Tensors out;
  for (std::int64_t b = 0; b < batch; ++b) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    if (length < 0 || length > sequence.size)
      return invalid_argument("Scan: a length of ", length, " of ", sequence.size);
    Tensors mine;
    for (const Tensor& value : values) {
      TRY(Tensor one, element(value, 0, b, context).within("Scan"));
      mine.push_back(std::move(one));
    }
    TRY(const Tensors results, sequence.run(std::move(mine), length));
    for (std::size_t r = 0; r < results.size(); ++r) {
      if (b == 0) {
        TRY(Tensor all, room_for(results[r].type(), batch, 0, context).within("Scan"));
        out.push_back(std::move(all));
      }
      TRY_OK(put_element(results[r], 0, b, out[r]));
    }
  }
  if (batch == 0) return unsupported("Scan: a batch of none");
  return out;
}

}  // namespace bolide
