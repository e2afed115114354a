#include "plan/candidates.h"

namespace bolide {

CandidateReport weigh(const Tactic& tactic, std::string_view step, const Problem& problem, const std::string& key,
                      const Target& target, const CostTable& costs, const TacticRules& rules) {
  if (const auto refused = refused_by(rules, step, tactic.name())) return {&tactic, reject(*refused), 0, false};
  Verdict verdict = tactic.accepts(problem, target);
  if (!verdict.accepted) return {&tactic, std::move(verdict), 0, false};
  const std::optional<double> measured = costs.find(key, tactic);
  if (measured && *measured >= kRefusedUs) return {&tactic, reject("was tried and does not take it"), 0, false};
  return {&tactic, std::move(verdict), measured ? *measured : tactic.estimate_us(problem, target),
          measured.has_value()};
}

Error no_tactic(std::string_view step, const Problem& problem, std::string_view backend,
                std::span<const CandidateReport> refused) {
  std::string reasons;
  for (const CandidateReport& candidate : refused) {
    strings::append(reasons, strings::join("; ", candidate.tactic->name(), ": ", candidate.verdict.reason));
  }
  return unsupported("step '", step, "' (", text(*problem.op), "): no tactic of ", backend, " can run it", reasons);
}

}  // namespace bolide
