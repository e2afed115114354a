#include "ir/size_names.h"

#include <algorithm>

namespace bolide {
namespace {

void substitute(std::vector<Dim>& dims, const SizeNames& names) {
  for (Dim& dim : dims) {
    const auto own = dim.names();
    if (std::any_of(own.begin(), own.end(), [&](const std::string& name) { return names.contains(name); })) {
      dim = dim.substitute(names);
    }
  }
}

void substitute(Node& node, const SizeNames& names);

void substitute(Graph& graph, const SizeNames& names) {
  for (ValueId id = 0; id < static_cast<ValueId>(graph.value_count()); ++id) {
    Value& value = graph.value(id);
    substitute(value.type.shape, names);
    if (value.contents) substitute(*value.contents, names);
  }
  for (NodeId id = 0; id < static_cast<NodeId>(graph.node_slots()); ++id) {
    if (!graph.node(id).erased) substitute(graph.node(id), names);
  }
}

void substitute(Node& node, const SizeNames& names) {
  for (std::shared_ptr<const Graph>& body : node.subgraphs) {
    auto copy = std::make_shared<Graph>(*body);
    substitute(*copy, names);
    body = std::move(copy);
  }
}

void leave_names_of_inputs(const Graph& graph, SizeNames& names) {
  for (const ValueId input : graph.inputs()) {
    for (const Dim& dim : graph.value(input).type.shape) {
      for (const std::string& name : dim.names()) names.erase(name);
    }
  }
}

}  // namespace

SizeNames renamed_sizes(const Shape& old, const Shape& now) {
  SizeNames names;
  for (std::size_t i = 0; i < old.size() && old.size() == now.size(); ++i) {
    const auto name = old[i].single_name();
    if (name && !(old[i] == now[i])) names.emplace(*name, now[i]);
  }
  return names;
}

void rename_sizes(Graph& graph, SizeNames names) {
  leave_names_of_inputs(graph, names);
  if (!names.empty()) substitute(graph, names);
}

void rename_sizes_in_bodies(const Graph& graph, Node& node, SizeNames names) {
  leave_names_of_inputs(graph, names);
  if (!names.empty()) substitute(node, names);
}

}  // namespace bolide
