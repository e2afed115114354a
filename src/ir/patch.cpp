#include "ir/graph.h"

#include <algorithm>
#include <utility>

namespace bolide {

Patch::Patch(Graph& graph, NodeId at)
    : graph_(&graph), at_(at), nodes_before_(graph.nodes_.size()), values_before_(graph.values_.size()) {}

Patch::Patch(Patch&& other) noexcept
    : graph_(std::exchange(other.graph_, nullptr)),
      at_(other.at_),
      nodes_before_(other.nodes_before_),
      values_before_(other.values_before_),
      swaps_(std::move(other.swaps_)) {}

Patch::~Patch() {
  if (graph_ == nullptr) return;
  for (std::size_t i = graph_->nodes_.size(); i-- > nodes_before_;) graph_->erase_node(static_cast<NodeId>(i));
  graph_->nodes_.erase(graph_->nodes_.begin() + static_cast<std::ptrdiff_t>(nodes_before_), graph_->nodes_.end());
  for (std::size_t i = values_before_; i < graph_->values_.size(); ++i) {
    graph_->by_name_.erase(graph_->values_[i].name);
  }
  graph_->values_.erase(graph_->values_.begin() + static_cast<std::ptrdiff_t>(values_before_), graph_->values_.end());
  graph_->readers_.resize(values_before_);
}

Result<std::vector<ValueId>> Patch::add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs) {
  std::vector<std::string> names;
  const std::string base = graph_->node(at_).name;
  for (std::size_t i = 0; i < outputs; ++i) {
    // Names must differ before any of them is registered.
    names.push_back(graph_->unique_name(strings::join(base, "/", op.name(), i == 0 ? "" : strings::join(":", i))));
  }
  const double position = graph_->node(at_).position;
  TRY(std::vector<ValueId> values, graph_->add_node(std::move(op), std::move(inputs), names.front(), names));
  Node& added = graph_->nodes_.back();
  added.position = position;
  added.members.clear();
  return values;
}

Result<ValueId> Patch::add(Op op, std::vector<ValueId> inputs) {
  TRY(const std::vector<ValueId> values, add_node(std::move(op), std::move(inputs), 1));
  return values.front();
}

ValueId Patch::constant(std::string_view hint, Tensor tensor) {
  return graph_->add_constant(hint, std::move(tensor));
}

void Patch::replace(ValueId from, ValueId to) { swaps_.emplace_back(from, to); }

void Patch::apply() && {
  Graph& graph = *std::exchange(graph_, nullptr);
  std::vector<NodeId> candidates;
  for (const auto& [from, to] : swaps_) {
    const NodeId producer = graph.value(from).producer;
    const bool was_output = graph.is_output(from);
    graph.replace_uses(from, to);
    // A value inside the network keeps the name its readers know, too, when the new one was made by this patch.
    if (!was_output && static_cast<std::size_t>(to) >= values_before_) {
      std::swap(graph.value(from).name, graph.value(to).name);
      graph.by_name_[graph.value(from).name] = from;
      graph.by_name_[graph.value(to).name] = to;
    }
    if (producer != kNoNode) candidates.push_back(producer);
  }
  // Nodes that no one reads any more die, and their members live on in the new nodes.
  std::vector<std::pair<double, std::vector<std::string>>> inherited;
  while (!candidates.empty()) {
    const NodeId id = candidates.back();
    candidates.pop_back();
    const Node& node = graph.node(id);
    const bool unread = std::all_of(node.outputs.begin(), node.outputs.end(),
                                    [&](ValueId v) { return v == kNoValue || graph.use_count(v) == 0; });
    if (node.erased || !unread) continue;
    inherited.emplace_back(node.position, node.members);
    std::vector<ValueId> inputs = node.inputs;
    graph.erase_node(id);
    for (const ValueId input : inputs) {
      if (const Node* producer = graph.producer(input)) {
        candidates.push_back(graph.value(input).producer);
        (void)producer;
      }
    }
  }
  std::stable_sort(inherited.begin(), inherited.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> members;
  for (auto& [position, names] : inherited) {
    for (std::string& name : names) {
      if (std::find(members.begin(), members.end(), name) == members.end()) members.push_back(std::move(name));
    }
  }
  for (std::size_t i = nodes_before_; i < graph.nodes_.size(); ++i) {
    if (!graph.nodes_[i].erased) graph.nodes_[i].members = members;
  }
  if (nodes_before_ + 1 == graph.nodes_.size() && !members.empty()) graph.nodes_.back().name = graph.node(at_).name;
}

}  // namespace bolide
