#include "import/onnx/rest_of_if.h"

#include "import/onnx/topology.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

std::set<std::string_view> names_in(const OnnxGraph& branch) {
  std::set<std::string_view> out;
  for (const OnnxTensor& initializer : branch.initializers) out.insert(initializer.name);
  for (const OnnxSparseTensor& initializer : branch.sparse_initializers) out.insert(initializer.values.name);
  for (const OnnxNode& node : branch.nodes) out.insert(node.outputs.begin(), node.outputs.end());
  out.erase("");
  return out;
}

/// The only node that is no Constant; null when there are more or none.
const OnnxNode* only_node(const OnnxGraph& body) {
  const OnnxNode* found = nullptr;
  for (const OnnxNode& node : body.nodes) {
    if (node.op_type == "Constant") continue;
    if (found != nullptr) return nullptr;
    found = &node;
  }
  return found;
}

}  // namespace

bool is_conditional_squeeze(const OnnxGraph& then_branch, const OnnxGraph& else_branch) {
  const OnnxNode* squeeze = only_node(then_branch);
  const OnnxNode* same = only_node(else_branch);
  return squeeze != nullptr && same != nullptr && squeeze->op_type == "Squeeze" && same->op_type == "Identity" &&
         !squeeze->inputs.empty() && !same->inputs.empty() && squeeze->inputs[0] == same->inputs[0] &&
         then_branch.outputs.size() == 1 && else_branch.outputs.size() == 1;
}

bool RestOfIf::holds(const OnnxNode& node) const {
  return std::ranges::any_of(reads(node), [this](std::string_view name) { return made_.contains(name); });
}

void RestOfIf::take(std::size_t index) {
  taken_.push_back(index);
  for (const std::string_view output : nodes_[index].outputs) {
    if (!output.empty()) made_.insert(output);
  }
}

bool RestOfIf::join(OnnxGraph& branch, std::span<const std::string_view> results) const {
  const OnnxNode& node = nodes_[index_];
  const std::set<std::string_view> inside = names_in(branch);
  if (branch.outputs.size() < node.outputs.size()) return false;
  std::set<std::string_view> known_outside;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::string_view from = branch.outputs[i].name;
    const std::string_view to = node.outputs[i];
    if (to.empty()) continue;
    if (from == to) {
      known_outside.insert(to);
      continue;
    }
    branch.nodes.push_back({.name = to, .op_type = "Identity", .inputs = {from}, .outputs = {to}});
  }
  for (std::size_t i = 1; i < taken_.size(); ++i) branch.nodes.push_back(nodes_[taken_[i]]);
  for (const std::size_t index : taken_) {
    const OnnxNode& moved = nodes_[index];
    std::vector<std::string_view> names = moved.outputs;
    if (index != index_) {
      const std::vector<std::string_view> read = reads(moved);
      names.insert(names.end(), read.begin(), read.end());
    }
    for (const std::string_view name : names) {
      if (inside.contains(name) && !known_outside.contains(name)) return false;
    }
  }
  branch.outputs.clear();
  for (const std::string_view name : results) branch.outputs.push_back({.name = name});
  return true;
}

std::optional<OnnxNode> RestOfIf::joined(std::span<const std::string_view> wanted) const {
  if (taken_.size() < 2) return std::nullopt;
  OnnxNode out = nodes_[index_];
  out.outputs.clear();
  for (const std::string_view name : wanted) {
    if (made_.contains(name) && std::ranges::find(out.outputs, name) == out.outputs.end()) out.outputs.push_back(name);
  }
  if (out.outputs.empty()) return std::nullopt;
  for (OnnxAttribute& attribute : out.attributes) {
    for (OnnxGraph& branch : attribute.graphs) {
      if (!join(branch, out.outputs)) return std::nullopt;
    }
  }
  return out;
}

}  // namespace bolide::onnx
