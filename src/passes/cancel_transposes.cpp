/// cancel-transposes: fewer moves of whole tensors.
///
///     x -> Transpose(p) -> Transpose(q)            =>   x -> Transpose(p then q)
///     x -> Transpose(p) -> Relu, Mul(c), ...       =>   x -> Relu, Mul(c permuted), ... -> Transpose(p)
///     x -> Transpose(p) --+                             x --+
///     y -> Transpose(p) --+-> Add                  =>   y --+-> Add -> Transpose(p)
///     x -> Transpose(p) -> Reduce(axes)            =>   x -> Reduce(p of axes) [-> Transpose]
///     x -> Transpose(p) -> y, only sizes of 1 move =>   x -> Reshape -> y
///
/// Fires when   nothing else reads the transposed value (one of them, for an elementwise operator of several); the
/// other
///              inputs of an elementwise operator are constants
/// Exact        the same numbers meet; sums of a Reduce keep their elements
#include "ops/axis.h"
#include "ops/reduce.h"
#include "ops/transpose.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/sizes.h"

#include <algorithm>
#include <numeric>

namespace bolide {
namespace {

using Rewrite = Result<std::optional<Patch>>;
using Order = std::vector<std::size_t>;

/// The order of the Transpose that made the value; nothing when it is none or, with `sole`, others read it, too.
std::optional<Order> order_of(const Graph& graph, ValueId value, bool sole) {
  const Node* node = graph.producer(value);
  const Transpose* transpose = node == nullptr ? nullptr : node->op.as<Transpose>();
  if (transpose == nullptr || (sole && graph.is_output(value))) return std::nullopt;
  if (sole) {
    const auto readers = graph.readers(value);
    if (!std::all_of(readers.begin(), readers.end(), [&](NodeId id) { return id == readers[0]; })) return std::nullopt;
  }
  auto order = transpose->order(graph.value(value).type.rank());
  if (!order) return std::nullopt;
  return *std::move(order);
}

Transpose transpose_of(const Order& order) {
  Transpose out;
  for (const std::size_t axis : order) out.perm.push_back(static_cast<std::int64_t>(axis));
  return out;
}

Rewrite merge(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const auto second = order_of(graph, node.outputs.front(), false);
  if (!second) return std::optional<Patch>();
  const ValueId x = node.inputs[0];
  if (std::is_sorted(second->begin(), second->end())) return replaced_by(graph, id, x);
  if (const auto first = order_of(graph, x, false)) {
    Order both;
    for (const std::size_t axis : *second) both.push_back((*first)[axis]);
    Patch patch(graph, id);
    TRY(const ValueId result, patch.add(transpose_of(both), {graph.producer(x)->inputs[0]}));
    patch.replace(node.outputs.front(), result);
    return std::optional<Patch>(std::move(patch));
  }
  // Axes of size 1 aside, does the order stay?
  std::vector<std::size_t> moved;
  for (const std::size_t axis : *second) {
    if (!(graph.value(x).type.shape[axis] == Dim(1))) moved.push_back(axis);
  }
  if (!std::is_sorted(moved.begin(), moved.end())) return std::optional<Patch>();
  Patch patch(graph, id);
  TRY(const std::optional<ValueId> result, add_reshape(graph, patch, x, node.outputs.front()));
  if (!result) return std::optional<Patch>();
  patch.replace(node.outputs.front(), *result);
  return std::optional<Patch>(std::move(patch));
}

/// A constant that broadcasts against the transposed tensor, for the tensor before it.
Result<std::optional<Tensor>> permuted_back(const Tensor& constant, const Order& order) {
  if (constant.count() == 1 && constant.rank() <= static_cast<int>(order.size())) return std::optional(constant);
  if (constant.rank() > static_cast<int>(order.size()) || constant.count() > 1 << 20) return std::optional<Tensor>();
  Dims dims(order.size() - static_cast<std::size_t>(constant.rank()), 1);
  dims.insert(dims.end(), constant.dims().begin(), constant.dims().end());
  TRY(const Tensor full, constant.reshaped(dims));
  Order inverse(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) inverse[order[i]] = i;
  EvalContext context;
  const Tensor* inputs[] = {&full};
  TRY(Tensors out, Op(transpose_of(inverse)).evaluate(inputs, context));
  return std::optional(std::move(out.front()));
}

/// Elementwise operators move before the transposes of their inputs.
Rewrite sink(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (!(node.op.expression() || node.op.name() == "Cast") || node.op.is<Transpose>() || node.outputs.size() != 1) {
    return std::optional<Patch>();
  }
  std::optional<Order> order;
  bool one_dies = false;  // in exchange for the one that is added
  for (const ValueId input : node.inputs) {
    if (input == kNoValue) return std::optional<Patch>();
    if (graph.constant(input) != nullptr) continue;
    const auto one = order_of(graph, input, false);
    if (!one || (order && *order != *one)) return std::optional<Patch>();
    order = one;
    one_dies = one_dies || order_of(graph, input, true);
  }
  if (!order || !one_dies || static_cast<int>(order->size()) != graph.value(node.outputs.front()).type.rank()) {
    return std::optional<Patch>();
  }
  Patch patch(graph, id);
  std::vector<ValueId> inputs;
  for (const ValueId input : node.inputs) {
    if (const Tensor* constant = graph.constant(input)) {
      TRY(std::optional<Tensor> moved, permuted_back(*constant, *order));
      if (!moved) return std::optional<Patch>();
      const std::string name = graph.value(input).name;
      inputs.push_back(patch.constant(name, *std::move(moved)));
    } else {
      inputs.push_back(graph.producer(input)->inputs[0]);
    }
  }
  TRY(const ValueId inner, patch.add(node.op, std::move(inputs)));
  TRY(const ValueId result, patch.add(transpose_of(*order), {inner}));
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

/// The order of the axes that are left when `gone` are taken out.
Order without(const Order& order, const Order& gone) {
  Order rest;
  for (const std::size_t axis : order) {
    if (std::find(gone.begin(), gone.end(), axis) == gone.end()) rest.push_back(axis);
  }
  Order rank_of = rest;
  std::sort(rank_of.begin(), rank_of.end());
  for (std::size_t& axis : rest) {
    axis = static_cast<std::size_t>(std::find(rank_of.begin(), rank_of.end(), axis) - rank_of.begin());
  }
  return rest;
}

Rewrite reduce(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const auto order = order_of(graph, node.inputs[0], true);
  if (!order || node.inputs.size() > 1) return std::optional<Patch>();
  Reduce moved = *node.op.as<Reduce>();
  TRY(const Order axes, normalize_axes(moved.axes, static_cast<int>(order->size())));
  if (axes.empty()) return std::optional<Patch>();
  Order before;
  for (const std::size_t axis : axes) before.push_back((*order)[axis]);
  std::sort(before.begin(), before.end());
  moved.axes.assign(before.begin(), before.end());
  const ValueId x = graph.producer(node.inputs[0])->inputs[0];
  const Order rest = moved.keepdims ? *order : without(*order, before);
  Patch patch(graph, id);
  TRY(ValueId result, patch.add(moved, {x}));
  if (!std::is_sorted(rest.begin(), rest.end())) {
    TRY(result, patch.add(transpose_of(rest), {result}));
  }
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

Rewrite rule(Graph& graph, NodeId id) {
  const Op op = graph.node(id).op;
  if (op.is<Transpose>()) return merge(graph, id);
  if (op.is<Reduce>()) return reduce(graph, id);
  return sink(graph, id);
}

}  // namespace

Result<int> cancel_transposes(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
