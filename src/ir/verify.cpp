#include "ir/graph.h"

#include <algorithm>
#include <set>

namespace bolide {
namespace {

bool has_source(const Graph& graph, ValueId id) {
  return graph.constant(id) != nullptr || graph.producer(id) != nullptr ||
         std::find(graph.inputs().begin(), graph.inputs().end(), id) != graph.inputs().end();
}

Status verify_node(const Graph& graph, NodeId id, std::set<std::string>& names) {
  const Node& node = graph.node(id);
  for (const ValueId input : node.inputs) {
    if (input == kNoValue) continue;
    if (static_cast<std::size_t>(input) >= graph.value_count()) {
      return internal_error("node '", node.name, "' reads value ", input, ", which does not exist");
    }
    const Value& value = graph.value(input);
    if (!has_source(graph, input))
      return internal_error("node '", node.name, "' reads '", value.name, "', which nothing produces");
    const auto readers = graph.readers(input);
    if (std::find(readers.begin(), readers.end(), id) == readers.end()) {
      return internal_error("node '", node.name, "' is not among the readers of '", value.name, "'");
    }
  }
  for (const ValueId output : node.outputs) {
    if (output == kNoValue) continue;
    const Value& value = graph.value(output);
    if (value.producer != id) {
      return internal_error("'", value.name, "' is an output of node '", node.name, "' but names another producer");
    }
    if (!names.insert(value.name).second) return internal_error("two values are named '", value.name, "'");
  }
  return {};
}

}  // namespace

Status verify(const Graph& graph) {
  const std::vector<NodeId> order = graph.order();
  if (order.size() != graph.node_count()) {
    return internal_error("the graph has a cycle: ", graph.node_count() - order.size(), " of ", graph.node_count(),
                          " nodes depend on themselves");
  }
  std::set<std::string> names;
  for (const ValueId input : graph.inputs()) {
    if (!names.insert(graph.value(input).name).second) {
      return internal_error("two values are named '", graph.value(input).name, "'");
    }
  }
  for (const NodeId id : order) TRY_OK(verify_node(graph, id, names));
  for (const ValueId output : graph.outputs()) {
    if (output < 0 || static_cast<std::size_t>(output) >= graph.value_count()) {
      return internal_error("graph output ", output, " does not exist");
    }
    if (!has_source(graph, output)) return internal_error("nothing produces output '", graph.value(output).name, "'");
  }
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const auto id = static_cast<ValueId>(i);
    if (!has_source(graph, id)) continue;
    if (graph.find_value(graph.value(id).name) != id) {
      return internal_error("'", graph.value(id).name, "' is not found by its name");
    }
  }
  // Types must be what inference derives from the inputs.
  Graph copy = graph;
  TRY_OK(copy.reinfer());
  for (const NodeId id : order) {
    for (const ValueId output : graph.node(id).outputs) {
      if (output == kNoValue) continue;
      const TensorType& has = graph.value(output).type;
      const TensorType& derived = copy.value(output).type;
      // Sizes that only the data decide get a new name at each inference; only rank and dtype are compared then.
      if (!compatible(has, derived)) {
        return internal_error("node '", graph.node(id).name, "': '", graph.value(output).name, "' is ", has,
                              " but its inputs make it ", derived);
      }
    }
  }
  return {};
}

}  // namespace bolide
