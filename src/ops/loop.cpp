#include "ops/loop.h"

#include "ops/concat.h"
#include "ops/containers.h"
#include "ops/reference.h"

#include <algorithm>
#include <limits>

namespace bolide {
namespace {

constexpr std::int64_t kBytesOfAPart = 128;  // a tensor object and its memory's bookkeeping

/// All parts as one tensor with a new first dim.
Result<Tensor> stacked(std::span<const Tensor> parts, EvalContext& context) {
  Tensors rows;
  std::vector<const Tensor*> pointers;
  rows.reserve(parts.size());
  for (const Tensor& part : parts) {
    Dims dims = part.dims();
    dims.insert(dims.begin(), 1);
    TRY(Tensor row, part.reshaped(std::move(dims)));
    rows.push_back(std::move(row));
    pointers.push_back(&rows.back());
  }
  TRY(Tensors joined, Op(Concat{.axis = 0}).evaluate(pointers, context).within("Loop: scanned values"));
  return std::move(joined[0]);
}

/// What is scanned when there is no iteration.
Result<Tensor> nothing_scanned(const TensorType& type, const EvalContext& context) {
  Dims dims = {0};
  for (const Dim& dim : type.shape) dims.push_back(dim.constant().value_or(0));
  return context.allocate(type.dtype, std::move(dims));
}

Result<bool> holds(const Tensor& cond) {
  if (cond.dtype() != DataType::kBool || cond.count() != 1) {
    return invalid_argument("Loop: the condition is ", cond.type(), ", expected one bool");
  }
  return cond.span<std::uint8_t>()[0] != 0;
}

}  // namespace

Result<TensorTypes> Loop::infer(const InferContext& context) const {
  if (carried < 0 || context.input_count() < 2 || carried > context.input_count() - 2) {
    return invalid_argument("Loop: ", context.input_count(), " inputs for ", carried, " carried values");
  }
  if (!context.subgraph_types) return internal_error("Loop: there is no body");
  TRY(const TensorTypes body, context.subgraph_types(0));
  if (static_cast<std::int64_t>(body.size()) < 1 + carried) {
    return invalid_argument("Loop: the body gives ", body.size(), " results for ", carried, " carried values");
  }
  TensorTypes types;
  for (std::size_t i = 0; i + 1 < body.size(); ++i) {
    TensorType type = with_own_sizes(body[i + 1], context, "loop");
    if (static_cast<std::int64_t>(i) >= carried) {
      for (Dim& dim : type.shape) dim = dim.is_constant() ? dim : context.fresh_dim("loop");
      type.shape.insert(type.shape.begin(), context.fresh_dim("trips"));
      types.push_back(std::move(type));
      continue;
    }
    const int input = static_cast<int>(i) + 2;
    if (!context.has(input)) return invalid_argument("Loop: carried value ", i, " is missing");
    const TensorType& initial = context.type(input);
    Result<TensorType> common = common_type(initial, type, [&context] { return context.fresh_dim("loop"); });
    if (!common) {
      return unsupported("Loop: carried value ", i, " starts as ", initial, " and becomes ", body[i + 1]);
    }
    types.push_back(*std::move(common));
  }
  return types;
}

Result<Tensors> Loop::evaluate(TensorInputs inputs, EvalContext& context) const {
  const auto first = static_cast<std::size_t>(carried) + 2;
  if (carried < 0 || inputs.size() < first) {
    return invalid_argument("Loop: ", inputs.size(), " inputs for ", carried, " carried values");
  }
  if (!context.run_subgraph) return internal_error("Loop: there is no body");
  std::int64_t trips = std::numeric_limits<std::int64_t>::max();
  if (inputs[0] != nullptr) {
    TRY(const Dims values, to_i64(*inputs[0]));
    if (values.size() != 1) return invalid_argument("Loop: trips is ", inputs[0]->type(), ", expected one number");
    trips = values[0];
  }
  bool more = true;
  if (inputs[1] != nullptr) {
    TRY(more, holds(*inputs[1]));
  }
  Tensors arguments(2);
  for (const Tensor* input : inputs.subspan(2)) arguments.push_back(input != nullptr ? *input : Tensor());
  std::vector<Tensors> scanned;
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < trips && more; ++i) {
    TRY_OK(TimeLimit::check());
    arguments[0] = Tensor::scalar(i);
    arguments[1] = Tensor::scalar(true);
    TRY(Tensors results, context.run_subgraph(0, arguments));
    if (results.size() < first - 1) return invalid_argument("Loop: the body gives ", results.size(), " results");
    TRY(more, holds(results[0]));
    std::copy_n(results.begin() + 1, carried, arguments.begin() + 2);
    scanned.resize(results.size() - (first - 1));
    for (std::size_t s = 0; s < scanned.size(); ++s) {
      bytes += kBytesOfAPart + static_cast<std::int64_t>(results[first - 1 + s].bytes());
      scanned[s].push_back(std::move(results[first - 1 + s]));
    }
    if (bytes > context.max_bytes) {
      return out_of_memory("Loop: the scanned values of ", i + 1, " iterations need more than ", context.max_bytes,
                           " bytes");
    }
  }
  Tensors out(arguments.begin() + 2, arguments.begin() + static_cast<std::ptrdiff_t>(first));
  for (const Tensors& parts : scanned) {
    TRY(Tensor stack, stacked(parts, context));
    out.push_back(std::move(stack));
  }
  if (static_cast<int>(out.size()) >= context.output_count) return out;
  if (!context.subgraph_types) return internal_error("Loop: there is no body");
  TRY(const TensorTypes types, context.subgraph_types(0));
  while (out.size() + 1 < types.size()) {
    TRY(Tensor empty, nothing_scanned(types[out.size() + 1], context));
    out.push_back(std::move(empty));
  }
  return out;
}

}  // namespace bolide
