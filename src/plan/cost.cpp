#include "plan/cost.h"

namespace bolide {

std::string CostTable::tactic_key(const Tactic& tactic) { return strings::join(tactic.name(), "@", tactic.revision()); }

void CostTable::set(const std::string& problem_key, const Tactic& tactic, double microseconds) {
  insert(problem_key, tactic_key(tactic), microseconds);
}

void CostTable::insert(const std::string& problem_key, const std::string& key, double microseconds) {
  entries_[problem_key][key] = microseconds;
}

std::optional<double> CostTable::find(const std::string& problem_key, const Tactic& tactic) const {
  const auto problem = entries_.find(problem_key);
  if (problem == entries_.end()) return std::nullopt;
  const auto time = problem->second.find(tactic_key(tactic));
  if (time == problem->second.end()) return std::nullopt;
  return time->second;
}

bool matches(std::string_view pattern, std::string_view name) {
  // Greedy wildcard matching with one point to come back to: linear in practice, quadratic at worst.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<std::string> refused_by(const TacticRules& rules, std::string_view step, std::string_view tactic) {
  for (const std::string& pattern : rules.forbidden) {
    if (matches(pattern, tactic)) return strings::join("forbidden by '", pattern, "'");
  }
  for (const std::string& rule : rules.forced) {
    const std::size_t split = rule.find('=');
    if (split == std::string::npos || !matches(std::string_view(rule).substr(0, split), step)) continue;
    if (!matches(std::string_view(rule).substr(split + 1), tactic)) return strings::join("'", rule, "' forces another");
  }
  return std::nullopt;
}

}  // namespace bolide
