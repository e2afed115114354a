#include "ir/graph.h"
#include "ir/size_names.h"

#include <algorithm>
#include <utility>

namespace bolide {
Patch::Patch(Graph& graph, NodeId at)
    : graph_(&graph),
      at_(at),
      nodes_before_(graph.nodes_.size()),
      values_before_(graph.values_.size()),
      fresh_dims_before_(graph.fresh_dims_) {}

Patch::Patch(Patch&& other) noexcept
    : graph_(std::exchange(other.graph_, nullptr)),
      at_(other.at_),
      nodes_before_(other.nodes_before_),
      values_before_(other.values_before_),
      fresh_dims_before_(other.fresh_dims_before_),
      swaps_(std::move(other.swaps_)) {}

Patch::~Patch() {
  if (graph_ == nullptr) return;
  Graph& graph = *graph_;
  for (std::size_t i = graph.nodes_.size(); i-- > nodes_before_;) graph.erase_node(static_cast<NodeId>(i));
  graph.nodes_.erase(graph.nodes_.begin() + static_cast<std::ptrdiff_t>(nodes_before_), graph.nodes_.end());
  for (std::size_t i = values_before_; i < graph.values_.size(); ++i) {
    const std::string& name = graph.values_[i].name;
    graph.by_name_.erase(name);
    // The numbers behind made names are free again.
    const auto counter = graph.next_suffix_.find(name.substr(0, name.rfind('.')));
    if (counter != graph.next_suffix_.end()) counter->second = 0;
  }
  graph.values_.erase(graph.values_.begin() + static_cast<std::ptrdiff_t>(values_before_), graph.values_.end());
  graph.readers_.resize(values_before_);
  graph.fresh_dims_ = fresh_dims_before_;
}

Result<std::vector<ValueId>> Patch::add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs,
                                             std::vector<std::shared_ptr<const Graph>> subgraphs) {
  std::vector<std::string> names;
  const std::string base = graph_->node(at_).name;
  for (std::size_t i = 0; i < outputs; ++i) {
    names.push_back(
        graph_->unique_name(strings::join(base, "/", op.name(), i == 0 ? std::string() : strings::join(":", i))));
  }
  const double position = graph_->node(at_).position;
  std::string name = names.empty() ? strings::join(base, "/", op.name()) : names.front();
  TRY(std::vector<ValueId> values,
      graph_->add_node(std::move(op), std::move(inputs), std::move(name), names, std::move(subgraphs)));
  Node& added = graph_->nodes_.back();
  added.position = position;
  added.members.clear();
  return values;
}

Result<ValueId> Patch::add(Op op, std::vector<ValueId> inputs) {
  TRY(const std::vector<ValueId> values, add_node(std::move(op), std::move(inputs), 1));
  return values.front();
}

ValueId Patch::constant(std::string_view hint, Tensor tensor) { return graph_->add_constant(hint, std::move(tensor)); }

void Patch::replace(ValueId from, ValueId to) { swaps_.emplace_back(from, to); }

void Patch::swap(ValueId from, ValueId to) {
  Graph& graph = *graph_;
  if (from == to) return;
  // What the patch's own nodes read is what their author said.
  std::vector<std::pair<NodeId, std::size_t>> own;
  for (std::size_t i = nodes_before_; i < graph.nodes_.size(); ++i) {
    const Node& node = graph.nodes_[i];
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] == from && !node.erased) own.emplace_back(static_cast<NodeId>(i), k);
    }
  }
  const bool was_output = graph.is_output(from);
  SizeNames same = renamed_sizes(graph.value(from).type.shape, graph.value(to).type.shape);
  rename_sizes(graph, std::move(same));
  graph.replace_uses(from, to);
  for (const auto& [node, index] : own) graph.set_input(node, index, from);
  // A value inside the network keeps the name its readers know, too, when the new one was made by this patch.
  if (!was_output && static_cast<std::size_t>(to) >= values_before_ &&
      static_cast<std::size_t>(from) < values_before_ &&
      std::find(graph.inputs_.begin(), graph.inputs_.end(), from) == graph.inputs_.end()) {
    graph.swap_names(from, to);
  }
}

std::vector<std::string> Patch::erase_unread(std::vector<NodeId> candidates) {
  Graph& graph = *graph_;
  std::vector<std::pair<double, std::vector<std::string>>> dead;
  while (!candidates.empty()) {
    const NodeId id = candidates.back();
    candidates.pop_back();
    const Node& node = graph.node(id);
    const bool unread = std::all_of(node.outputs.begin(), node.outputs.end(),
                                    [&](ValueId v) { return v == kNoValue || graph.use_count(v) == 0; });
    if (node.erased || !unread) continue;
    dead.emplace_back(node.position, node.members);
    for (const ValueId input : node.inputs) {
      if (graph.producer(input) != nullptr) candidates.push_back(graph.value(input).producer);
    }
    graph.erase_node(id);
  }
  std::stable_sort(dead.begin(), dead.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> members;
  for (auto& [position, names] : dead) {
    for (std::string& name : names) {
      if (std::find(members.begin(), members.end(), name) == members.end()) members.push_back(std::move(name));
    }
  }
  return members;
}

void Patch::apply() && {
  Graph& graph = *graph_;
  std::vector<NodeId> candidates;
  for (const auto& [from, to] : swaps_) {
    if (graph.producer(from) != nullptr) candidates.push_back(graph.value(from).producer);
    swap(from, to);
  }
  std::vector<std::string> members = erase_unread(std::move(candidates));
  std::vector<NodeId> heirs;
  for (std::size_t i = nodes_before_; i < graph.nodes_.size(); ++i) {
    if (!graph.nodes_[i].erased) heirs.push_back(static_cast<NodeId>(i));
  }
  if (heirs.empty()) {
    for (const auto& swapped : swaps_) {
      if (graph.producer(swapped.second) != nullptr) heirs.push_back(graph.value(swapped.second).producer);
    }
  } else if (members.empty()) {
    members = graph.node(at_).members;
  }
  for (const NodeId heir : heirs) {
    std::vector<std::string>& kept = graph.node(heir).members;
    for (const std::string& name : members) {
      if (std::find(kept.begin(), kept.end(), name) == kept.end()) kept.push_back(name);
    }
  }
  if (heirs.size() == 1 && is_new(heirs[0]) && graph.node(at_).erased) graph.node(heirs[0]).name = graph.node(at_).name;
  graph_ = nullptr;
}

}  // namespace bolide
