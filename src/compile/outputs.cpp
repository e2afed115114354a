#include "compile/outputs.h"

namespace bolide {

Status mark_outputs(Graph& graph, std::span<const std::string> names) {
  std::vector<ValueId> outputs(graph.outputs().begin(), graph.outputs().end());
  for (const std::string& name : names) {
    if (name == "all") {
      for (const NodeId id : graph.order()) {
        for (const ValueId value : graph.node(id).outputs) {
          if (value != kNoValue && !graph.is_output(value)) outputs.push_back(value);
        }
      }
      break;
    }
    const auto value = graph.find_value(name);
    if (!value) return not_found("no value is named '", name, "'; `bolide inspect` lists them");
    if (!graph.is_output(*value)) outputs.push_back(*value);
  }
  graph.set_outputs(std::move(outputs));
  return {};
}

Status cut_at(Graph& graph, std::span<const std::string> names) {
  if (names.empty()) return {};
  std::vector<ValueId> outputs;
  for (const std::string& name : names) {
    const auto value = graph.find_value(name);
    if (!value) return not_found("no value is named '", name, "'; `bolide inspect` lists them");
    outputs.push_back(*value);
  }
  graph.set_outputs(std::move(outputs));
  return {};
}

}  // namespace bolide
