#include "import/onnx/topology.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>

namespace bolide::onnx {
namespace {

void collect_free(const OnnxGraph& graph, std::set<std::string_view>& seen, std::vector<std::string_view>& out) {
  std::set<std::string_view> defined;
  for (const OnnxValueInfo& input : graph.inputs) defined.insert(input.name);
  for (const OnnxTensor& initializer : graph.initializers) defined.insert(initializer.name);
  for (const OnnxSparseTensor& initializer : graph.sparse_initializers) defined.insert(initializer.values.name);
  for (const OnnxNode& node : graph.nodes) defined.insert(node.outputs.begin(), node.outputs.end());
  const auto use = [&](std::string_view name) {
    if (!name.empty() && !defined.contains(name) && seen.insert(name).second) out.push_back(name);
  };
  for (const OnnxNode& node : graph.nodes) {
    for (const std::string_view name : reads(node)) use(name);
  }
  for (const OnnxValueInfo& output : graph.outputs) use(output.name);
}

/// A circle among the nodes that could not be ordered: walk backwards until a node comes again.
std::vector<std::size_t> find_cycle(const std::vector<std::vector<std::size_t>>& sources,
                                    const std::vector<int>& waiting, std::size_t start) {
  std::vector<std::size_t> path;
  std::map<std::size_t, std::size_t> at;
  std::size_t node = start;
  while (at.emplace(node, path.size()).second) {
    path.push_back(node);
    const auto next = std::find_if(sources[node].begin(), sources[node].end(),
                                   [&](std::size_t source) { return waiting[source] > 0; });
    if (next == sources[node].end()) return {};
    node = *next;
  }
  path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(at[node]));
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

std::vector<std::string_view> free_names(const OnnxGraph& graph) {
  std::set<std::string_view> seen;
  std::vector<std::string_view> out;
  collect_free(graph, seen, out);
  return out;
}

std::vector<std::string_view> names_of(std::span<const OnnxValueInfo> values) {
  std::vector<std::string_view> out;
  for (const OnnxValueInfo& value : values) out.push_back(value.name);
  return out;
}

std::vector<std::string_view> reads(const OnnxNode& node) {
  std::vector<std::string_view> out = node.inputs;
  for (const OnnxAttribute& attribute : node.attributes) {
    for (const OnnxGraph& body : attribute.graphs) {
      const auto names = free_names(body);
      out.insert(out.end(), names.begin(), names.end());
    }
  }
  return out;
}

NodeOrder dependency_order(std::span<const OnnxNode> nodes) {
  std::map<std::string_view, std::size_t> producer;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string_view output : nodes[i].outputs) {
      if (!output.empty()) producer.emplace(output, i);
    }
  }
  std::vector<std::vector<std::size_t>> sources(nodes.size());
  std::vector<std::vector<std::size_t>> readers(nodes.size());
  std::vector<int> waiting(nodes.size(), 0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string_view name : reads(nodes[i])) {
      const auto found = producer.find(name);
      if (found == producer.end()) continue;
      sources[i].push_back(found->second);
      readers[found->second].push_back(i);
      ++waiting[i];
    }
  }
  NodeOrder out;
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (waiting[i] == 0) ready.push(i);
  }
  while (!ready.empty()) {
    const std::size_t node = ready.top();
    ready.pop();
    out.order.push_back(node);
    for (const std::size_t reader : readers[node]) {
      if (--waiting[reader] == 0) ready.push(reader);
    }
  }
  std::set<std::size_t> told;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (waiting[i] == 0) continue;
    out.blocked.push_back(i);
    if (out.cycles.size() >= 8) continue;
    auto cycle = find_cycle(sources, waiting, i);
    const bool known = std::any_of(cycle.begin(), cycle.end(), [&](std::size_t n) { return told.contains(n); });
    if (cycle.empty() || known) continue;
    told.insert(cycle.begin(), cycle.end());
    out.cycles.push_back(std::move(cycle));
  }
  return out;
}

}  // namespace bolide::onnx
