/// The problems that layouts of a network have, and what of them is worth timing next.
#pragma once

#include "plan/selector.h"
#include "tune/timing_cache.h"

namespace bolide {

/// One problem that some layout has, with the tactics that may run it.
struct Work {
  std::string step;  ///< the first that has it
  std::string key;   ///< of the problem
  Problem problem;
  std::vector<const Tactic*> candidates;  ///< to be timed; by estimate, the best first
  std::vector<const Tactic*> libraries;   ///< likewise; for the chosen layouts only, and not asked yet
  std::vector<const Tactic*> timed;       ///< the candidates as they were at first
  double estimate = 0;                    ///< of the best
  int uses = 0;                           ///< in the chosen layouts
  bool fast = false;                      ///< something else than the obvious form can run it
  bool done = false;
  bool measured = false;  ///< some of it now, not remembered from earlier
};

/// Lists of works are by what timing them may save, most first.
class WorkList {
 public:
  /// `cache` may be null; `effort` as of TuneOptions.
  WorkList(const Target& target, CostTable& costs, TimingCache* cache, int effort)
      : target_(target), costs_(costs), cache_(cache), effort_(effort) {}

  /// Takes note of a problem that the selector weighs; what the cache remembers of it goes to the costs.
  void note(const StepGraph::Step& step, const Problem& problem, const std::string& key,
            std::span<const CandidateReport> accepted);
  /// Null for a problem that was not noted.
  Work* find(const std::string& key);
  void forget_uses();
  std::size_t size() const { return works_.size(); }
  /// Times that came from the cache.
  int remembered() const { return remembered_; }

  /// Works that are not done and have candidates without a time: of the chosen layouts or, with `unused`, of any.
  std::vector<Work*> open(bool unused);
  /// Works that were timed for another layout than the chosen one, and so without libraries; their candidates are now
  /// the libraries' tactics and the fastest of the others, so that they are timed side by side.
  std::vector<Work*> open_libraries();
  /// Works that were timed now; their candidates are what was, up to `contender` times the fastest.
  std::vector<Work*> contenders(double contender);

 private:
  void keep_untimed(const std::string& key, std::vector<const Tactic*>& tactics) const;

  const Target& target_;
  CostTable& costs_;
  TimingCache* cache_;
  int effort_;
  int remembered_ = 0;
  std::map<std::string, Work> works_;
};

}  // namespace bolide
