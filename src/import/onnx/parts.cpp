#include "import/onnx/parts.h"

#include "base/error.h"
#include "import/onnx/topology.h"

#include <algorithm>
#include <numeric>

namespace bolide::onnx {
namespace {

constexpr std::size_t kMostParts = 8;  // by name

/// Sets of nodes that are joined pair by pair.
class Groups {
 public:
  explicit Groups(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
  std::size_t of(std::size_t node) {
    while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
    return node;
  }
  void join(std::size_t a, std::size_t b) { parent_[of(a)] = of(b); }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

std::string runnable_parts(std::span<const OnnxNode> nodes, std::span<const std::size_t> order,
                           const std::vector<bool>& bad, const std::vector<std::string>& names) {
  std::map<std::string_view, std::size_t> producer;
  std::vector<std::size_t> level(nodes.size(), 0);  // bad nodes on the longest way from the inputs
  Groups groups(nodes.size());
  for (const std::size_t node : order) {
    for (const std::string_view name : reads(nodes[node])) {
      const auto found = producer.find(name);
      if (found == producer.end()) continue;
      level[node] = std::max(level[node], level[found->second] + (bad[found->second] ? 1 : 0));
    }
    for (const std::string_view name : reads(nodes[node])) {
      const auto found = producer.find(name);
      if (found == producer.end() || bad[node] || bad[found->second] || level[found->second] != level[node]) continue;
      groups.join(node, found->second);
    }
    for (const std::string_view output : nodes[node].outputs) producer.emplace(output, node);
  }
  std::map<std::size_t, std::size_t> place;  // of a group among the parts
  std::vector<std::vector<std::size_t>> parts;
  std::size_t good = 0;
  for (const std::size_t node : order) {
    if (bad[node]) continue;
    ++good;
    const auto [at, is_new] = place.emplace(groups.of(node), parts.size());
    if (is_new) parts.emplace_back();
    parts[at->second].push_back(node);
  }
  if (good == 0) return {};
  std::string out = strings::join("the other ", good, " of ", nodes.size(), " nodes would run");
  out += parts.size() == 1 ? ": " : strings::join(", in ", parts.size(), " parts: ");
  for (std::size_t i = 0; i < std::min(parts.size(), kMostParts); ++i) {
    const std::vector<std::size_t>& part = parts[i];
    out += strings::join(i > 0 ? ", " : "", part.front(), " '", names[part.front()], "'");
    if (part.size() > 1) {
      out += strings::join(" to ", part.back(), " '", names[part.back()], "' (", part.size(), " nodes)");
    }
  }
  if (parts.size() > kMostParts) out += strings::join(" and ", parts.size() - kMostParts, " more");
  return out;
}

}  // namespace bolide::onnx
