#include "ops/einsum_equation.h"

#include <algorithm>
#include <map>

namespace bolide {
namespace {

constexpr std::string_view kDots = "...";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Labels of one term, whose ellipsis stands for `dots` axes.
Result<std::vector<EinsumLabel>> labels_of(std::string_view term, int dots) {
  std::vector<EinsumLabel> out;
  bool seen = false;
  while (!term.empty()) {
    if (term.starts_with(kDots) && !seen) {
      for (int i = dots; i-- > 0;) out.push_back(kEllipsis + i);
      term.remove_prefix(kDots.size());
      seen = true;
    } else if (is_letter(term.front())) {
      out.push_back(static_cast<unsigned char>(term.front()));
      term.remove_prefix(1);
    } else {
      return invalid_argument("'", term.substr(0, 20), "' in the equation is neither a letter nor the one ellipsis");
    }
  }
  return out;
}

std::vector<EinsumLabel> implicit_output(const std::vector<std::vector<EinsumLabel>>& inputs, int most_dots) {
  std::map<EinsumLabel, int> counts;
  for (const auto& input : inputs) {
    for (const EinsumLabel label : input) ++counts[label];
  }
  std::vector<EinsumLabel> out;
  for (int i = most_dots; i-- > 0;) out.push_back(kEllipsis + i);
  for (const auto& [label, count] : counts) {
    if (label < kEllipsis && count == 1) out.push_back(label);
  }
  return out;
}

}  // namespace

Result<EinsumTerms> parse_einsum(std::string_view equation, std::span<const int> ranks) {
  std::string text(equation);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::size_t arrow = text.find("->");
  std::string_view left = std::string_view(text).substr(0, arrow);
  EinsumTerms out;
  int most_dots = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::size_t comma = std::min(left.find(','), left.size());
    if ((comma == left.size()) != (i + 1 == ranks.size())) {
      return invalid_argument("the equation '", equation, "' has not one term for each of ", ranks.size(), " inputs");
    }
    const std::string_view term = left.substr(0, comma);
    const bool dotted = term.find(kDots) != std::string_view::npos;
    const int letters = static_cast<int>(term.size() - (dotted ? kDots.size() : 0));
    const int dots = dotted ? ranks[i] - letters : 0;
    if (dots < 0 || (!dotted && letters != ranks[i])) {
      return invalid_argument("the term '", term, "' does not fit input ", i, " of rank ", ranks[i]);
    }
    TRY(auto labels, labels_of(term, dots));
    out.inputs.push_back(std::move(labels));
    most_dots = std::max(most_dots, dots);
    left.remove_prefix(std::min(comma + 1, left.size()));
  }
  if (arrow == std::string::npos) {
    out.output = implicit_output(out.inputs, most_dots);
    return out;
  }
  TRY(out.output, labels_of(std::string_view(text).substr(arrow + 2), most_dots));
  for (auto label = out.output.begin(); label != out.output.end(); ++label) {
    const bool twice = std::find(out.output.begin(), label, *label) != label;
    const bool known = std::any_of(out.inputs.begin(), out.inputs.end(), [&](const auto& input) {
      return std::find(input.begin(), input.end(), *label) != input.end();
    });
    if (twice || !known) {
      return invalid_argument("the equation '", equation,
                              "' has an axis on the right that is twice there or not on the left");
    }
  }
  return out;
}

}  // namespace bolide
