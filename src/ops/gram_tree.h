/// N-grams as a tree: from a node one edge for each token, in one table of edges; small first tokens stand in a list.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bolide {

class GramTree {
 public:
  static constexpr std::int32_t kRoot = 0;
  static constexpr std::int32_t kNone = -1;

  /// Of equal n-grams the first one's number stays.
  void add(std::span<const std::int64_t> gram, std::int32_t number) {
    std::int32_t node = kRoot;
    for (const std::int64_t token : gram) {
      std::int32_t next = child(node, token);
      if (next == kNone) {
        next = static_cast<std::int32_t>(nodes_.size());
        nodes_.push_back({});
        nodes_[static_cast<std::size_t>(node)].leads_on = true;
        if (2 * nodes_.size() > edges_.size()) grow();
        free_edge(node, token) = {token, node, next};
        if (node == kRoot) list_first(token, next);
      }
      node = next;
    }
    std::int32_t& kept = nodes_[static_cast<std::size_t>(node)].number;
    if (kept == kNone) kept = number;
  }

  /// Where `token` leads from `node`; kNone: nowhere.
  std::int32_t child(std::int32_t node, std::int64_t token) const {
    if (!nodes_[static_cast<std::size_t>(node)].leads_on) return kNone;
    for (std::size_t at = place(node, token);; at = (at + 1) & (edges_.size() - 1)) {
      const Edge& edge = edges_[at];
      if (edge.from == kNone || (edge.from == node && edge.token == token)) return edge.to;
    }
  }
  /// child(kRoot, token)
  std::int32_t first(std::int64_t token) const {
    const auto at = static_cast<std::uint64_t>(token);
    if (at < firsts_.size()) return firsts_[at];
    return at < kListed ? kNone : child(kRoot, token);
  }
  /// Of the n-gram that ends at `node`, or kNone.
  std::int32_t number(std::int32_t node) const { return nodes_[static_cast<std::size_t>(node)].number; }

 private:
  static constexpr std::uint64_t kListed = 1 << 16;  ///< first tokens below it are listed

  struct Node {
    std::int32_t number = kNone;
    bool leads_on = false;  ///< has edges
  };
  struct Edge {
    std::int64_t token = 0;
    std::int32_t from = kNone;
    std::int32_t to = kNone;
  };
  void list_first(std::int64_t token, std::int32_t node) {
    const auto at = static_cast<std::uint64_t>(token);
    if (at >= kListed) return;
    if (at >= firsts_.size()) firsts_.resize(at + 1, kNone);
    firsts_[at] = node;
  }
  std::size_t place(std::int32_t node, std::int64_t token) const {
    const auto mixed =
        (static_cast<std::uint64_t>(token) + (static_cast<std::uint64_t>(node) << 32)) * 0x9E3779B97F4A7C15U;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32)) & (edges_.size() - 1);
  }
  Edge& free_edge(std::int32_t node, std::int64_t token) {
    std::size_t at = place(node, token);
    while (edges_[at].from != kNone) at = (at + 1) & (edges_.size() - 1);
    return edges_[at];
  }
  void grow() {
    std::vector<Edge> old(2 * edges_.size());
    old.swap(edges_);
    for (const Edge& edge : old) {
      if (edge.from != kNone) free_edge(edge.from, edge.token) = edge;
    }
  }

  std::vector<Edge> edges_ = std::vector<Edge>(64);  // a power of two, at most half of them taken
  std::vector<Node> nodes_ = {{}};
  std::vector<std::int32_t> firsts_;  // by token below kListed, up to the largest
};

}  // namespace bolide
