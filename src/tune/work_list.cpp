#include "tune/work_list.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace bolide {
namespace {

std::size_t candidates_at(int effort) {
  switch (effort) {
    case 0: return 0;
    case 1: return 2;
    case 2: return 4;
    default: return std::numeric_limits<std::size_t>::max();
  }
}

std::size_t libraries_at(int effort) {
  switch (effort) {
    case 0: return 0;
    case 1: return 2;
    case 2: return 10;
    default: return std::numeric_limits<std::size_t>::max();
  }
}

/// Works with what each may save, in no order.
using Ranked = std::vector<std::pair<double, Work*>>;

std::vector<Work*> most_first(Ranked ranked) {
  std::ranges::stable_sort(ranked, std::greater<>(), [](const auto& one) { return one.first; });
  std::vector<Work*> out;
  for (const auto& [weight, work] : ranked) out.push_back(work);
  return out;
}

}  // namespace

void WorkList::note(const StepGraph::Step& step, const Problem& problem, const std::string& key,
                    std::span<const CandidateReport> accepted) {
  const auto [at, fresh] = works_.try_emplace(key);
  if (!fresh) return;
  Work& work = at->second;
  work.step = step.name;
  work.key = key;
  work.problem = problem;
  std::vector<std::pair<double, const Tactic*>> ranked;
  for (const CandidateReport& candidate : accepted) {
    ranked.emplace_back(candidate.tactic->estimate_us(problem, target_), candidate.tactic);
    if (cache_ == nullptr || costs_.find(key, *candidate.tactic)) continue;
    if (const auto us = cache_->find(key, *candidate.tactic)) {
      costs_.set(key, *candidate.tactic, *us);
      ++remembered_;
    }
  }
  std::ranges::stable_sort(ranked, {}, [](const auto& one) { return one.first; });
  work.fast = std::ranges::any_of(ranked, [](const auto& one) { return !one.second->is_reference(); });
  if (!work.fast) return;  // the obvious form alone: nothing to choose, and slow to time
  for (const auto& [us, tactic] : ranked) {
    if (!tactic->is_reference()) (tactic->is_library() ? work.libraries : work.candidates).push_back(tactic);
  }
  work.estimate = ranked.front().first;
  work.candidates.resize(std::min(work.candidates.size(), candidates_at(effort_)));
  work.libraries.resize(std::min(work.libraries.size(), libraries_at(effort_)));
  work.timed = work.candidates;
}

Work* WorkList::find(const std::string& key) {
  const auto found = works_.find(key);
  return found == works_.end() ? nullptr : &found->second;
}

void WorkList::forget_uses() {
  for (auto& [key, work] : works_) work.uses = 0;
}

void WorkList::keep_untimed(const std::string& key, std::vector<const Tactic*>& tactics) const {
  std::erase_if(tactics, [&](const Tactic* tactic) { return costs_.find(key, *tactic).has_value(); });
}

std::vector<Work*> WorkList::open(bool unused) {
  Ranked ranked;
  for (auto& [key, work] : works_) {
    if (work.done || (work.uses == 0 && !unused)) continue;
    if (work.uses > 0) {
      const auto libraries = std::exchange(work.libraries, {});
      work.candidates.insert(work.candidates.end(), libraries.begin(), libraries.end());
    }
    keep_untimed(key, work.candidates);
    if (work.candidates.empty()) continue;
    const double weight = work.uses == 0 ? 0.05 : work.uses;
    ranked.emplace_back(weight * work.estimate * (work.candidates.size() > 1 ? 1 : 0.25), &work);
  }
  return most_first(std::move(ranked));
}

std::vector<Work*> WorkList::open_libraries() {
  Ranked ranked;
  for (auto& [key, work] : works_) {
    if (work.uses == 0) continue;
    keep_untimed(key, work.libraries);
    if (work.libraries.empty()) continue;
    double us = work.estimate;
    const Tactic* fastest = nullptr;
    for (const Tactic* tactic : work.timed) {
      const auto known = costs_.find(key, *tactic);
      if (!known || (fastest != nullptr && *known >= us)) continue;
      us = *known;
      fastest = tactic;
    }
    work.candidates = std::exchange(work.libraries, {});
    if (fastest != nullptr) work.candidates.push_back(fastest);
    ranked.emplace_back(work.uses * us, &work);
  }
  return most_first(std::move(ranked));
}

std::vector<Work*> WorkList::contenders(double contender) {
  Ranked ranked;
  for (auto& [key, work] : works_) {
    if (!work.measured) continue;
    double fastest = std::numeric_limits<double>::infinity();
    for (const Tactic* tactic : work.timed) {
      if (const auto us = costs_.find(key, *tactic)) fastest = std::min(fastest, *us);
    }
    work.candidates.clear();
    for (const Tactic* tactic : work.timed) {
      const auto us = costs_.find(key, *tactic);
      if (us && *us <= contender * fastest) work.candidates.push_back(tactic);
    }
    if (!work.candidates.empty()) ranked.emplace_back(fastest * (work.uses == 0 ? 0.5 : work.uses), &work);
  }
  return most_first(std::move(ranked));
}

}  // namespace bolide
