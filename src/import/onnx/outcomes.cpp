#include "import/onnx/outcomes.h"

#include <algorithm>
#include <charconv>

namespace bolide::onnx {
namespace {

/// Parts of a place, numbers as numbers, so that "10" follows "9".
std::vector<std::pair<std::int64_t, std::string_view>> sort_key(std::string_view place) {
  std::vector<std::pair<std::int64_t, std::string_view>> key;
  while (!place.empty()) {
    const std::string_view part = place.substr(0, place.find('/'));
    place.remove_prefix(std::min(place.size(), part.size() + 1));
    std::int64_t number = -1;
    (void)std::from_chars(part.data(), part.data() + part.size(), number);
    key.emplace_back(number, part);
  }
  return key;
}

}  // namespace

void Outcomes::note(const NodeLabel& node, ImportReport::Outcome outcome) {
  const auto [at, is_new] = by_place_.emplace(node.place, nodes_.size());
  if (is_new) {
    nodes_.push_back({.place = node.place,
                      .name = node.name,
                      .op_type = node.op_type,
                      .domain = node.domain,
                      .version = node.version});
  }
  nodes_[at->second].outcome = outcome;
}

void Outcomes::write(const Problems& problems, ImportReport& report) && {
  for (const auto* list : {&problems.unknown(), &problems.of_nodes()}) {
    for (const NodeProblem& problem : *list) {
      note(problem.node, ImportReport::Outcome::kRefused);
      nodes_[by_place_.at(problem.node.place)].problems.push_back(problem.error.message);
    }
  }
  for (const Error& error : problems.of_file()) report.problems.push_back(error.message);
  std::ranges::stable_sort(nodes_, {}, [](const ImportReport::Node& node) { return sort_key(node.place); });
  report.nodes = std::move(nodes_);
}

}  // namespace bolide::onnx
