/// remove-dead-nodes: pure nodes whose results nobody reads.
///
///     x -> A -> B (unread)        x -> A -> y
///          A -> y            =>
///
/// Fires when   a node is pure and none of its outputs is read or returned; also names that only unread outputs have
///              are taken away (`_`), so that a kernel need not compute them
/// Exact        nothing that is computed changes
#include "passes/passes.h"

#include <algorithm>

namespace bolide {
namespace {

bool read(const Graph& graph, ValueId id) { return id != kNoValue && graph.use_count(id) > 0; }

/// Unread outputs after the first become left out. Bodies' outputs keep their places, and so do those of an operator
/// whose number of outputs says what it does (Split).
void leave_out_unread(Graph& graph, NodeId id) {
  Node& node = graph.node(id);
  const bool counts = node.op.info().outputs < 0;
  while (!counts && node.outputs.size() > 1 && !read(graph, node.outputs.back())) node.outputs.pop_back();
  for (std::size_t i = 1; i < node.outputs.size(); ++i) {
    if (!read(graph, node.outputs[i])) node.outputs[i] = kNoValue;
  }
}

}  // namespace

Result<int> remove_dead_nodes(Graph& graph) {
  int removed = 0;
  const std::vector<NodeId> order = graph.order();
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Node& node = graph.node(*id);
    const bool alive =
        std::any_of(node.outputs.begin(), node.outputs.end(), [&graph](ValueId output) { return read(graph, output); });
    if (alive || !node.op.info().pure) {
      if (node.subgraphs.empty()) leave_out_unread(graph, *id);
      continue;
    }
    graph.erase_node(*id);
    ++removed;
  }
  return removed;
}

}  // namespace bolide
