#include "cli/node_check.h"

#include <iostream>
#include <map>

namespace bolide::cli {
namespace {

constexpr std::size_t kMostNamed = 8;

using Steps = std::multimap<std::string_view, const StepInfo*>;

Steps by_member(const PlanInfo* plan) {
  Steps out;
  if (plan == nullptr) return out;
  for (const StepInfo& step : plan->steps) {
    for (const std::string& member : step.members) out.emplace(member, &step);
  }
  return out;
}

NodeCheck check_planned(const FileNode& node, const Steps& steps) {
  NodeCheck out{.file = node, .how = "folded", .tactics = {}};
  const auto [begin, end] = steps.equal_range(node.name);
  for (auto at = begin; at != end; ++at) {
    const StepInfo& step = *at->second;
    out.tactics.insert(step.tactic);
    if (step.op == "Plugin") {
      out.how = "plugin";
    } else if (step.reference && out.how != "plugin") {
      out.how = "reference";
    } else if (out.how == "folded") {
      out.how = "fast";
    }
  }
  return out;
}

}  // namespace

std::vector<NodeCheck> check_nodes(const FileReport& file, const PlanInfo* plan) {
  const Steps steps = by_member(plan);
  std::vector<NodeCheck> out;
  for (const FileNode& node : file.nodes) {
    switch (node.outcome) {
      case FileNode::Outcome::kRefused: out.push_back({node, "refused", {}}); break;
      case FileNode::Outcome::kNotReached: out.push_back({node, "not reached", {}}); break;
      case FileNode::Outcome::kRead:
      case FileNode::Outcome::kPlugin:
        out.push_back(plan != nullptr ? check_planned(node, steps) : NodeCheck{node, "read", {}});
    }
  }
  return out;
}

void print_slow_nodes(const std::vector<NodeCheck>& nodes) {
  std::size_t slow = 0;
  for (const NodeCheck& node : nodes) {
    if (node.how != "reference" || ++slow > kMostNamed) continue;
    std::cout << (slow == 1 ? "By the reference: " : ", ") << node.file.place << " '" << node.file.name << "' ("
              << node.file.op << ')';
  }
  if (slow > kMostNamed) std::cout << " and " << slow - kMostNamed << " more";
  if (slow > 0) std::cout << ".\n";
}

}  // namespace bolide::cli
