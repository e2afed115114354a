/// Times of tactics on problems: measured where somebody did, estimated elsewhere.
#pragma once

#include "backend/tactic.h"

#include <map>
#include <optional>
#include <string>

namespace bolide {

/// In place of a time: the tactic was tried on the problem and cannot run it.
constexpr double kRefusedUs = 1e9;

/// Measured times, by problem key and tactic. What `tune` fills and `select` reads. Ordered, so that what is written
/// from it is deterministic.
class CostTable {
 public:
  void set(const std::string& problem_key, const Tactic& tactic, double microseconds);
  std::optional<double> find(const std::string& problem_key, const Tactic& tactic) const;
  /// "name@revision": what identifies a tactic in the table.
  static std::string tactic_key(const Tactic& tactic);
  const std::map<std::string, std::map<std::string, double>>& entries() const { return entries_; }
  void insert(const std::string& problem_key, const std::string& tactic_key, double microseconds);

 private:
  std::map<std::string, std::map<std::string, double>> entries_;
};

/// Which tactics may be chosen. Patterns match whole names; `*` stands for any characters.
struct TacticRules {
  std::vector<std::string> forbidden;
  /// "step name pattern=tactic pattern": where a candidate matches, only matching ones are considered.
  std::vector<std::string> forced;
};
bool matches(std::string_view pattern, std::string_view name);
/// Nothing when allowed, else the reason.
std::optional<std::string> refused_by(const TacticRules& rules, std::string_view step, std::string_view tactic);

}  // namespace bolide
