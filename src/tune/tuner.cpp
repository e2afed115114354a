#include "tune/tuner.h"

#include "base/log.h"

#include <algorithm>
#include <limits>
#include <set>

namespace bolide {
namespace {

constexpr int kMostRounds = 10;    // of selecting
constexpr int kFewestSamples = 3;  // of a tactic
constexpr int kMostSamples = 15;
constexpr double kDropFactor = 2;     // a tactic this much slower than the best is timed once only
constexpr double kSampleShare = 0.1;  // of what is left, for one problem
// A second look at what other programs may have disturbed: of tactics that may win, for so long.
constexpr double kContender = 4;             // times the fastest
constexpr double kSecondLookSampleUs = 8e3;  // for one problem, longer than a turn of another program
constexpr double kLeastSecondLookUs = 250e3;
constexpr int kMostLooks = 3;              // while they change the choice
constexpr double kSecondLookShare = 0.25;  // of the time taken so far

/// A graph with sizes: the network under one shape, or a body of one of its steps.
struct Part {
  const StepGraph* graph = nullptr;
  Sizes sizes;
};

/// One problem that some layout has, with the tactics that may run it.
struct Work {
  std::string step;
  Problem problem;
  std::vector<const Tactic*> candidates;  // by estimate, the best first
  std::vector<const Tactic*> libraries;   // likewise; for the chosen layouts only, and not asked yet
  std::vector<const Tactic*> timed;       // the candidates as they were at first
  double estimate = 0;                    // of the best
  int uses = 0;                           // in the chosen layouts
  bool fast = false;                      // something else than the obvious form can run it
  bool done = false;
  bool measured = false;  // some of it now, not remembered from earlier
};

double median(std::vector<double> samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

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

class Tuner {
 public:
  Tuner(const Backend& backend, CostTable& costs, TimingCache* cache, Measurer& measurer, const TuneOptions& options)
      : backend_(backend), costs_(costs), cache_(cache), measurer_(measurer), options_(options) {
    start_us_ = measurer.now_us();
    deadline_us_ = start_us_ + options.budget_s * 1e6;
  }

  Result<TuneReport> run(const StepGraph& graph, std::span<const Sizes> shapes) {
    for (const Sizes& sizes : shapes) parts_.push_back({&graph, sizes});
    add_bodies();
    std::vector<Best> best(parts_.size());
    for (int round = 0; round <= kMostRounds; ++round) {
      report_.rounds = round;
      TRY_OK(choose(best));
      if (round == kMostRounds || options_.effort <= 0) break;
      // The chosen layouts first, then others.
      std::vector<Work*> open = open_work(false);
      if (open.empty()) open = library_work();
      if (open.empty() && options_.effort >= 2) open = open_work(true);
      if (open.empty()) {
        if (!measurer_.disturbed() || options_.effort < 2 || looks_ == kMostLooks) break;
        if (looks_ > 0 && !changed_) break;
        look_again();
        continue;
      }
      if (!measure_all(open)) {
        report_.complete = false;
        TRY_OK(choose(best));
        break;
      }
    }
    for (std::size_t i = 0; i < shapes.size(); ++i) report_.choices.push_back(std::move(best[i].choice));
    report_.problems = static_cast<int>(work_.size());
    report_.seconds = (measurer_.now_us() - start_us_) / 1e6;
    return std::move(report_);
  }

 private:
  /// The last choice, or an earlier one whose times are all known to be lower than what the last one may hope for.
  struct Best {
    Choice choice;
    bool known = false;  // all of its problems were measured
  };

  void add_bodies() {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const StepGraph& graph = *parts_[p].graph;
      for (const StepGraph::Step& step : graph.steps) {
        for (const auto& body : step.bodies) {
          // Captures are the last inputs.
          if (body->inputs.size() > step.inputs.size()) continue;
          std::vector<Dims> captures;
          for (std::size_t i = step.inputs.size() - body->inputs.size(); i < step.inputs.size(); ++i) {
            if (step.inputs[i] != kNone)
              captures.push_back(parts_[p].sizes.dims[static_cast<std::size_t>(step.inputs[i])]);
          }
          auto sizes = resolve_sizes(*body, captures);
          if (sizes && sizes->all_known) parts_.push_back({body.get(), *std::move(sizes)});
        }
      }
    }
  }

  /// Asks the selector for every part; notes all problems it weighs and which of them it chose.
  Status choose(std::vector<Best>& best) {
    changed_ = false;
    // Times that the cache remembers for problems met here may change the choice: ask once more.
    for (bool again = true; again;) {
      again = false;
      for (auto& [key, work] : work_) work.uses = 0;
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        const int remembered = report_.remembered;
        SelectOptions select_options{.rules = options_.rules, .observe = {}};
        select_options.observe = [this](const StepGraph::Step& step, const Problem& problem, const std::string& key,
                                        std::span<const CandidateReport> accepted) {
          note(step, problem, key, accepted);
        };
        auto choice = select(*parts_[p].graph, parts_[p].sizes, backend_, costs_, select_options);
        if (!choice) return std::move(choice).error();
        again |= report_.remembered != remembered;
        const bool known = count_uses(parts_[p], *choice);
        changed_ |= best[p].choice.orders != choice->orders;
        keep(best[p], *std::move(choice), known);
      }
    }
    return {};
  }

  static void keep(Best& best, Choice choice, bool known) {
    // An estimate must not displace what was measured, unless measuring it is still to come.
    const bool first = best.choice.steps.empty();
    if (first || known || !best.known) {
      if (!first && known && best.known && best.choice.total_us <= choice.total_us) return;
      best = {std::move(choice), known};
    }
  }

  void note(const StepGraph::Step& step, const Problem& problem, const std::string& key,
            std::span<const CandidateReport> accepted) {
    const auto [at, fresh] = work_.try_emplace(key);
    if (!fresh) return;
    Work& work = at->second;
    work.step = step.name;
    work.problem = problem;
    std::vector<std::pair<double, const Tactic*>> ranked;
    for (const CandidateReport& candidate : accepted) {
      ranked.emplace_back(candidate.tactic->estimate_us(problem, backend_.target()), candidate.tactic);
      if (cache_ == nullptr || costs_.find(key, *candidate.tactic)) continue;
      if (const auto us = cache_->find(key, *candidate.tactic)) {
        costs_.set(key, *candidate.tactic, *us);
        ++report_.remembered;
      }
    }
    std::ranges::stable_sort(ranked, {}, [](const auto& one) { return one.first; });
    work.fast = std::ranges::any_of(ranked, [](const auto& one) { return !one.second->is_reference(); });
    if (!work.fast) return;  // the obvious form alone: nothing to choose, and slow to time
    for (const auto& [us, tactic] : ranked) {
      if (!tactic->is_reference()) (tactic->is_library() ? work.libraries : work.candidates).push_back(tactic);
    }
    work.estimate = ranked.front().first;
    work.candidates.resize(std::min(work.candidates.size(), candidates_at(options_.effort)));
    work.libraries.resize(std::min(work.libraries.size(), libraries_at(options_.effort)));
    work.timed = work.candidates;
  }

  /// Counts the problems of a choice; true when each of them has its time measured.
  bool count_uses(const Part& part, const Choice& choice) {
    const Flow flow(*part.graph);
    bool known = true;
    for (std::size_t s = 0; s < choice.steps.size(); ++s) {
      if (choice.steps[s].tactic == nullptr) continue;
      const Problem problem =
          chosen_problem(*part.graph, flow, part.sizes, choice, static_cast<int>(s), backend_.target().threads);
      const auto found = work_.find(problem.key());
      if (found == work_.end()) continue;
      ++found->second.uses;
      known &= choice.steps[s].measured || !found->second.fast;
    }
    return known;
  }

  /// Problems with something left to measure, by what measuring may save.
  std::vector<Work*> open_work(bool unused) {
    std::vector<std::pair<double, Work*>> ranked;
    for (auto& [key, work] : work_) {
      if (work.done || (work.uses == 0 && !unused)) continue;
      if (work.uses > 0) {
        const auto libraries = std::exchange(work.libraries, {});
        work.candidates.insert(work.candidates.end(), libraries.begin(), libraries.end());
      }
      std::erase_if(work.candidates,
                    [&, &k = key](const Tactic* tactic) { return costs_.find(k, *tactic).has_value(); });
      if (work.candidates.empty()) continue;
      const double weight = work.uses == 0 ? 0.05 : work.uses;
      ranked.emplace_back(-weight * work.estimate * (work.candidates.size() > 1 ? 1 : 0.25), &work);
      keys_[&work] = &key;
    }
    std::ranges::stable_sort(ranked, {}, [](const auto& one) { return one.first; });
    std::vector<Work*> out;
    for (const auto& [rank, work] : ranked) out.push_back(work);
    return out;
  }

  /// Problems that were timed for another layout than the chosen one, and so without libraries, by what they take; each
  /// with the libraries' tactics and the fastest of the others, so that they are timed side by side.
  std::vector<Work*> library_work() {
    std::vector<std::pair<double, Work*>> ranked;
    for (auto& [key, work] : work_) {
      if (work.uses == 0) continue;
      std::erase_if(work.libraries,
                    [&, &k = key](const Tactic* tactic) { return costs_.find(k, *tactic).has_value(); });
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
      ranked.emplace_back(-work.uses * us, &work);
      keys_[&work] = &key;
    }
    std::ranges::stable_sort(ranked, {}, [](const auto& one) { return one.first; });
    std::vector<Work*> out;
    for (const auto& [rank, work] : ranked) out.push_back(work);
    return out;
  }

  bool over() {
    if (!cancelled_ && options_.cancelled && options_.cancelled()) cancelled_ = true;
    return cancelled_ || measurer_.now_us() >= deadline_us_;
  }

  /// False when time ran out or the user ended it.
  bool measure_all(const std::vector<Work*>& open) {
    const int total = done_ + static_cast<int>(open.size());
    constexpr std::size_t kTogether = 64;  // tactics made ready at once, so that the budget is looked at in between
    std::size_t prepared = 0;
    for (std::size_t w = 0; w < open.size(); ++w) {
      Work* const work = open[w];
      if (over()) return false;
      if (w == prepared) prepared = prepare(open, w, kTogether);
      if (options_.progress) {
        options_.progress({.done = done_,
                           .total = total,
                           .seconds_left = std::max(deadline_us_ - measurer_.now_us(), 0.0) / 1e6,
                           .what = work->step});
      }
      measure(*keys_.at(work), *work);
      work->done = true;
      ++done_;
    }
    return true;
  }

  /// Times once more what was timed in this build: another program may have worked at the same time, and the shorter
  /// of two times apart is nearer to the truth.
  void look_again() {
    ++looks_;
    std::vector<std::pair<double, Work*>> ranked;
    for (auto& [key, work] : work_) {
      if (!work.measured) continue;
      double fastest = std::numeric_limits<double>::infinity();
      for (const Tactic* tactic : work.timed) {
        if (const auto us = costs_.find(key, *tactic)) fastest = std::min(fastest, *us);
      }
      work.candidates.clear();
      for (const Tactic* tactic : work.timed) {
        const auto us = costs_.find(key, *tactic);
        if (us && *us <= kContender * fastest) work.candidates.push_back(tactic);
      }
      if (!work.candidates.empty()) ranked.emplace_back(-fastest * (work.uses == 0 ? 0.5 : work.uses), &work);
    }
    std::ranges::stable_sort(ranked, {}, [](const auto& one) { return one.first; });
    const double now = measurer_.now_us();
    const double end = now + std::max(kLeastSecondLookUs, kSecondLookShare * (now - start_us_));
    for (const auto& [rank, work] : ranked) {
      if (over() || measurer_.now_us() >= end) return;
      measure(*keys_.at(work), *work);
    }
  }

  /// Announces the candidates of the next works, at least `count` of them; gives the first work left out.
  std::size_t prepare(const std::vector<Work*>& open, std::size_t first, std::size_t count) {
    std::vector<Measurer::Upcoming> upcoming;
    std::size_t next = first;
    for (; next < open.size() && upcoming.size() < count; ++next) {
      for (const Tactic* tactic : open[next]->candidates) upcoming.emplace_back(&open[next]->problem, tactic);
    }
    measurer_.prepare(upcoming);
    return next;
  }

  struct Trial {
    const Tactic* tactic;
    std::size_t number;
    std::vector<double> samples;
    bool dropped = false;
  };

  void measure(const std::string& key, Work& work) {
    auto bench = measurer_.begin(work.problem);
    if (!bench) return log(LogLevel::kDebug, "tune: step '", work.step, "': ", bench.error().message);
    std::vector<Trial> trials;
    for (const Tactic* tactic : work.candidates) {
      if (Status added = (*bench)->add(*tactic); !added) {
        // A library tells that it cannot do a problem only when it is to do it.
        const bool refused = tactic->is_library() && added.error().code == Code::kUnsupported;
        if (refused) {
          costs_.set(key, *tactic, kRefusedUs);
          if (cache_ != nullptr) cache_->add(key, *tactic, kRefusedUs);
        }
        log(refused ? LogLevel::kDebug : LogLevel::kWarn, "tune: step '", work.step, "': ", added.error().message);
        continue;
      }
      trials.push_back({tactic, trials.size(), {}});
    }
    const double now = measurer_.now_us();
    const double enough_us = now + std::max((deadline_us_ - now) * kSampleShare, 2000.0);
    const double longer_us = looks_ > 0 ? now + kSecondLookSampleUs : now;
    for (int round = 0; round < 1 + kMostSamples || measurer_.now_us() < longer_us; ++round) {
      if (round > kFewestSamples && measurer_.now_us() >= enough_us) break;
      if (round > 1 && over()) break;
      double fastest = std::numeric_limits<double>::infinity();
      for (Trial& trial : trials) {
        if (trial.dropped) continue;
        const auto us = (*bench)->time(trial.number);
        if (!us) {
          log(LogLevel::kWarn, "tune: step '", work.step, "', ", trial.tactic->name(), ": ", us.error().message);
          trial.dropped = true;
          trial.samples.clear();
          continue;
        }
        fastest = std::min(fastest, *us);
        // The first run warms up; it counts only for those that are dropped by it.
        if (round == 1) trial.samples.clear();
        trial.samples.push_back(*us);
      }
      for (Trial& trial : trials) {
        if (!trial.dropped && trial.samples.back() > kDropFactor * fastest * (round == 0 ? 2 : 1)) trial.dropped = true;
      }
    }
    for (const Trial& trial : trials) {
      if (trial.samples.empty()) continue;
      double us = measurer_.disturbed() ? *std::ranges::min_element(trial.samples) : median(trial.samples);
      if (const auto earlier = costs_.find(key, *trial.tactic); looks_ > 0 && earlier) us = std::min(us, *earlier);
      work.measured = true;
      costs_.set(key, *trial.tactic, us);
      if (cache_ != nullptr) cache_->add(key, *trial.tactic, us);
      report_.measured += looks_ > 0 ? 0 : 1;
    }
  }

  const Backend& backend_;
  CostTable& costs_;
  TimingCache* cache_;
  Measurer& measurer_;
  const TuneOptions& options_;
  std::vector<Part> parts_;
  std::map<std::string, Work> work_;
  std::map<const Work*, const std::string*> keys_;
  TuneReport report_;
  int done_ = 0;
  bool cancelled_ = false;
  int looks_ = 0;         // again, at what was timed
  bool changed_ = false;  // the last selection chose otherwise than the one before
  double start_us_ = 0;
  double deadline_us_ = 0;
};

}  // namespace

Problem chosen_problem(const StepGraph& graph, const Flow& flow, const Sizes& sizes, const Choice& choice, int step,
                       int threads) {
  Problem problem = problem_of(graph, flow, sizes, choice.orders, step, threads);
  const StepChoice& decided = choice.steps[static_cast<std::size_t>(step)];
  for (std::size_t i = 0; i < decided.reformats.size() && i < problem.inputs.size(); ++i) {
    Operand& input = problem.inputs[i];
    if (decided.reformats[i]) input.strides = dense_strides(input.dims, *decided.reformats[i]);
  }
  return problem;
}

Result<TuneReport> tune(const StepGraph& graph, std::span<const Sizes> shapes, const Backend& backend, CostTable& costs,
                        TimingCache* cache, Measurer& measurer, const TuneOptions& options) {
  return Tuner(backend, costs, cache, measurer, options).run(graph, shapes);
}

}  // namespace bolide
