/// Weighing the tactics that may run a step: by the rules, by what they accept, by times measured or estimated.
#pragma once

#include "plan/cost.h"

namespace bolide {

/// One tactic that may run a step, or why it may not.
struct CandidateReport {
  const Tactic* tactic = nullptr;
  Verdict verdict;
  double us = 0;
  bool measured = false;
};

/// `key` is the problem's. A time is the table's where it has one, else the tactic's estimate.
CandidateReport weigh(const Tactic& tactic, std::string_view step, const Problem& problem, const std::string& key,
                      const Target& target, const CostTable& costs, const TacticRules& rules);

/// That no tactic of `backend` can run a step, with the reason of each; Unsupported.
Error no_tactic(std::string_view step, const Problem& problem, std::string_view backend,
                std::span<const CandidateReport> refused);

}  // namespace bolide
