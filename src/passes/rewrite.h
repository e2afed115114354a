/// Walking a graph with a rewrite rule.
///
///     Result<int> remove_identity_nodes(Graph& graph) {
///       return rewrite_each<Identity>(graph, [](Graph& g, NodeId id) { return replaced_by(g, id,
///       g.node(id).inputs[0]); });
///     }
///
/// A rule must not keep references into the graph across Patch::add or Patch::constant, which may move nodes and
/// values.
#pragma once

#include "ir/graph.h"

#include <algorithm>

namespace bolide {

namespace detail {
inline Result<std::optional<Patch>> as_result(std::optional<Patch> patch) { return {std::move(patch)}; }
inline Result<std::optional<Patch>> as_result(Result<std::optional<Patch>> patch) { return patch; }
}  // namespace detail

/// Calls `rule(graph, node)` on every live node in topological order and applies the patches that it returns. Nodes
/// that earlier patches of the same walk added are not visited. `rule` returns std::optional<Patch> or a Result of one,
/// whose error ends the walk. Returns how many patches were applied.
template <class Rule>
Result<int> rewrite_all(Graph& graph, Rule rule) {
  int rewrites = 0;
  for (const NodeId id : graph.order()) {
    if (graph.node(id).erased) continue;
    TRY(std::optional<Patch> patch, detail::as_result(rule(graph, id)));
    if (!patch) continue;
    std::move(*patch).apply();
    ++rewrites;
  }
  return rewrites;
}

/// The same for the nodes of one operator.
template <class Operator, class Rule>
Result<int> rewrite_each(Graph& graph, Rule rule) {
  return rewrite_all(graph, [&rule](Graph& g, NodeId id) -> Result<std::optional<Patch>> {
    if (!g.node(id).op.is<Operator>()) return std::optional<Patch>();
    return detail::as_result(rule(g, id));
  });
}

/// Whether replacing `from` changes anything: a graph output keeps its value where `to` is a graph input or an output.
inline bool can_replace(const Graph& graph, ValueId from, ValueId to) {
  const auto inputs = graph.inputs();
  const bool interface = graph.is_output(to) || std::find(inputs.begin(), inputs.end(), to) != inputs.end();
  return !graph.is_output(from) || !interface || !graph.readers(from).empty();
}

/// A patch that makes readers of the node's first output read `to`; nothing when that changes nothing.
inline std::optional<Patch> replaced_by(Graph& graph, NodeId id, ValueId to) {
  if (!can_replace(graph, graph.node(id).outputs.front(), to)) return std::nullopt;
  Patch patch(graph, id);
  patch.replace(graph.node(id).outputs.front(), to);
  return patch;
}

/// The producer of `value` when it is an `Operator` and nothing but one reader reads the value; else null.
template <class Operator>
const Operator* sole_producer(const Graph& graph, ValueId value) {
  const Node* node = graph.producer(value);
  return node != nullptr && graph.use_count(value) == 1 ? node->op.as<Operator>() : nullptr;
}

}  // namespace bolide
