/// nest-concats: joined tensors that are cut again, and joins of what is joined already.
///
///     y1 = Concat(a, b)                  =>   y1 = Concat(a, b)
///     y2 = Concat(a, b, c)                    y2 = Concat(y1, c)      (y1 can lie inside y2: nothing is copied)
///     Concat(Concat(a, b), c)            =>   Concat(a, b, c)         (when nothing else reads the inner one)
///     Split(Concat(a, b)) -> p, q        =>   a, b                    (cut where it was joined)
///     Slice(Concat(a, b)) = a            =>   a
///     Concat(Split(x))                   =>   x                       (all parts in order)
///     Concat(a)                          =>   a
///
/// Fires when   axes are equal, and sizes along them known where pieces are compared
/// Exact        no number is computed
#include "ops/concat.h"
#include "ops/slice.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <algorithm>

namespace bolide {
namespace {

using Rewrite = std::optional<Patch>;

std::int64_t axis_of(const Graph& graph, const Node& node) {
  const auto* concat = node.op.as<Concat>();
  const std::int64_t axis = concat != nullptr ? concat->axis : node.op.as<Split>()->axis;
  return axis < 0 ? axis + graph.value(node.inputs[0]).type.rank() : axis;
}

Dim size_along(const Graph& graph, ValueId value, std::int64_t axis) {
  return graph.value(value).type.shape[static_cast<std::size_t>(axis)];
}

const Node* concat_of(const Graph& graph, ValueId value) {
  const Node* producer = graph.producer(value);
  return producer != nullptr && producer->op.is<Concat>() ? producer : nullptr;
}

bool starts_with(const std::vector<ValueId>& all, const std::vector<ValueId>& prefix) {
  return prefix.size() < all.size() && std::equal(prefix.begin(), prefix.end(), all.begin());
}

/// The longest other Concat of this one's first inputs.
std::optional<ValueId> joined_prefix(const Graph& graph, const Node& node) {
  const Node* best = nullptr;
  for (const NodeId reader : graph.readers(node.inputs[0])) {
    const Node& other = graph.node(reader);
    if (!other.op.is<Concat>() || other.inputs.size() < 2 || !starts_with(node.inputs, other.inputs)) continue;
    if (axis_of(graph, other) != axis_of(graph, node) || graph.use_count(other.outputs[0]) == 0) continue;
    if (best == nullptr || other.inputs.size() > best->inputs.size()) best = &other;
  }
  if (best == nullptr) return std::nullopt;
  return best->outputs[0];
}

/// Whether the node's inputs are all results of one Split along the same axis, in order.
std::optional<ValueId> split_source(const Graph& graph, const Node& node) {
  const Node* split = graph.producer(node.inputs[0]);
  if (split == nullptr || !split->op.is<Split>() || split->outputs != node.inputs) return std::nullopt;
  if (axis_of(graph, *split) != axis_of(graph, node)) return std::nullopt;
  return split->inputs[0];
}

/// The inputs with those of inner Concats that nothing else reads in their place; empty when there are none.
std::vector<ValueId> flattened(const Graph& graph, const Node& node) {
  std::vector<ValueId> out;
  bool found = false;
  for (const ValueId input : node.inputs) {
    const Node* inner = concat_of(graph, input);
    const bool own = inner != nullptr && graph.use_count(input) == 1 && axis_of(graph, *inner) == axis_of(graph, node);
    if (own) {
      out.insert(out.end(), inner->inputs.begin(), inner->inputs.end());
      found = true;
    } else {
      out.push_back(input);
    }
  }
  if (!found) out.clear();
  return out;
}

Rewrite simpler_concat(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const TensorType type = graph.value(node.outputs[0]).type;
  if (node.inputs.size() == 1) return replaced_by(graph, id, node.inputs[0]);
  if (const auto source = split_source(graph, node); source && graph.value(*source).type == type) {
    return replaced_by(graph, id, *source);
  }
  std::vector<ValueId> inputs;
  if (const auto prefix = joined_prefix(graph, node)) {
    const std::size_t count = graph.producer(*prefix)->inputs.size();
    inputs = {*prefix};
    inputs.insert(inputs.end(), node.inputs.begin() + static_cast<std::ptrdiff_t>(count), node.inputs.end());
  } else {
    inputs = flattened(graph, node);
  }
  if (inputs.empty()) return std::nullopt;
  Patch patch(graph, id);
  const auto y = patch.add(node.op, std::move(inputs));
  if (!y || graph.value(*y).type != type) return std::nullopt;
  patch.replace(node.outputs[0], *y);
  return patch;
}

/// Pieces of a Concat that a Split takes out again, one for one.
Rewrite undone_split(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const Node* concat = concat_of(graph, node.inputs[0]);
  if (concat == nullptr || concat->inputs.size() != node.outputs.size()) return std::nullopt;
  const std::int64_t axis = axis_of(graph, node);
  if (axis != axis_of(graph, *concat)) return std::nullopt;
  Patch patch(graph, id);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) return std::nullopt;
    if (!(size_along(graph, node.outputs[i], axis) == size_along(graph, concat->inputs[i], axis))) return std::nullopt;
    patch.replace(node.outputs[i], concat->inputs[i]);
  }
  return patch;
}

/// The one number of input `index` of a Slice, or `absent` where it is left out; nothing for more or unknown ones.
std::optional<std::int64_t> only_number(const Graph& graph, const Node& node, std::size_t index, std::int64_t absent) {
  if (index >= node.inputs.size() || node.inputs[index] == kNoValue) return absent;
  const Tensor* tensor = graph.constant(node.inputs[index]);
  if (tensor == nullptr || tensor->count() != 1) return std::nullopt;
  const auto numbers = to_i64(*tensor);
  if (!numbers) return std::nullopt;
  return (*numbers)[0];
}

/// A Slice along the axis of a Concat that takes out exactly one of its inputs.
Rewrite undone_slice(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const Node* concat = concat_of(graph, node.inputs[0]);
  if (concat == nullptr) return std::nullopt;
  const auto start = only_number(graph, node, 1, 0);
  const auto end = only_number(graph, node, 2, 0);
  const auto axis = only_number(graph, node, 3, 0);
  const auto step = only_number(graph, node, 4, 1);
  if (!start || !end || !axis || step != 1) return std::nullopt;
  const int rank = graph.value(node.inputs[0]).type.rank();
  const std::int64_t along = *axis < 0 ? *axis + rank : *axis;
  const auto size =
      along == axis_of(graph, *concat) ? size_along(graph, node.inputs[0], along).constant() : std::nullopt;
  if (!size) return std::nullopt;
  const SliceRange range = slice_range(*size, *start, *end, 1);
  std::int64_t at = 0;
  for (const ValueId input : concat->inputs) {
    const auto part = size_along(graph, input, along).constant();
    if (!part) return std::nullopt;
    if (at == range.begin && *part == range.count) return replaced_by(graph, id, input);
    at += *part;
  }
  return std::nullopt;
}

Rewrite simpler(Graph& graph, NodeId id) {
  const Op& op = graph.node(id).op;
  if (op.is<Concat>()) return simpler_concat(graph, id);
  if (op.is<Split>()) return undone_split(graph, id);
  return op.is<Slice>() ? undone_slice(graph, id) : std::nullopt;
}

}  // namespace

Result<int> nest_concats(Graph& graph) {
  int rewrites = 0;
  std::vector<NodeId> order = graph.order();
  // The longest joins first, while the shorter ones that they start with are still written out.
  std::reverse(order.begin(), order.end());
  for (const NodeId id : order) {
    if (graph.node(id).erased) continue;
    Rewrite patch = simpler(graph, id);
    if (!patch) continue;
    std::move(*patch).apply();
    ++rewrites;
  }
  return rewrites;
}

}  // namespace bolide
