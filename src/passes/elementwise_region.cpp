#include "passes/elementwise_region.h"

#include "passes/elementwise_node.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::size_t kMaxNodes = 24;

bool contains(const std::vector<NodeId>& nodes, NodeId id) {
  return std::find(nodes.begin(), nodes.end(), id) != nodes.end();
}

/// The set in topological order.
std::vector<NodeId> sorted(const Graph& graph, const std::vector<NodeId>& set) {
  std::vector<NodeId> out;
  while (out.size() < set.size()) {
    const std::size_t before = out.size();
    for (const NodeId id : set) {
      const auto& inputs = graph.node(id).inputs;
      const bool ready = std::all_of(inputs.begin(), inputs.end(), [&](ValueId value) {
        const NodeId producer = graph.producer_id(value);
        return !contains(set, producer) || contains(out, producer);
      });
      if (ready && !contains(out, id)) out.push_back(id);
    }
    if (out.size() == before) return {};
  }
  return out;
}

/// Nodes of the set whose result is read outside of it or returned.
std::vector<NodeId> open_ends(const Graph& graph, const std::vector<NodeId>& set) {
  std::vector<NodeId> ends;
  for (const NodeId id : set) {
    const ValueId result = graph.node(id).outputs[0];
    const auto readers = graph.readers(result);
    const bool inside = !readers.empty() && !graph.is_output(result) &&
                        std::all_of(readers.begin(), readers.end(), [&](NodeId r) { return contains(set, r); });
    if (!inside) ends.push_back(id);
  }
  return ends;
}

/// Adds the readers of `value`; false when one of them does not fuse.
bool add_readers(const Graph& graph, ValueId value, std::vector<NodeId>& set) {
  if (graph.is_output(value) || graph.readers(value).empty()) return false;
  for (const NodeId reader : graph.readers(value)) {
    if (!is_elementwise(graph, reader)) return false;
    if (!contains(set, reader)) set.push_back(reader);
  }
  return set.size() <= kMaxNodes;
}

/// True when the node dequantizes and all that read it can do that themselves, from codes that are smaller.
bool is_passed_on(const Graph& graph, NodeId id) {
  const ValueId result = graph.node(id).outputs[0];
  const auto readers = graph.readers(result);
  return is_free_load(graph, id) && !graph.is_output(result) &&
         std::all_of(readers.begin(), readers.end(), [&graph](NodeId reader) { return is_elementwise(graph, reader); });
}

}  // namespace

std::vector<NodeId> closed_region(const Graph& graph, ValueId value) {
  std::vector<NodeId> set;
  if (!add_readers(graph, value, set)) return {};
  while (true) {
    const std::vector<NodeId> ends = open_ends(graph, set);
    if (ends.empty()) return {};
    if (ends.size() == 1 && !is_passed_on(graph, ends.front())) return sorted(graph, set);
    // The end that stands first cannot be the one that all paths meet in.
    const NodeId first = *std::min_element(ends.begin(), ends.end(), [&graph](NodeId a, NodeId b) {
      return graph.node(a).position < graph.node(b).position;
    });
    if (!add_readers(graph, graph.node(first).outputs[0], set)) return {};
  }
}

std::vector<NodeId> with_loads(const Graph& graph, std::span<const NodeId> region) {
  std::vector<NodeId> out;
  const std::vector<NodeId> set(region.begin(), region.end());
  for (const NodeId id : region) {
    for (const ValueId input : graph.node(id).inputs) {
      const NodeId producer = graph.producer(input) == nullptr ? kNoNode : graph.producer_id(input);
      if (producer == kNoNode || contains(set, producer) || contains(out, producer)) continue;
      if (is_free_load(graph, producer)) out.push_back(producer);
    }
  }
  out.insert(out.end(), region.begin(), region.end());
  return out;
}

}  // namespace bolide
