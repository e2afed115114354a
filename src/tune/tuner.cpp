#include "tune/tuner.h"

#include "base/log.h"
#include "tune/side_by_side.h"
#include "tune/work_list.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr int kMostRounds = 10;       // of selecting
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

class Tuner {
 public:
  Tuner(const Backend& backend, CostTable& costs, TimingCache* cache, Measurer& measurer, const TuneOptions& options)
      : backend_(backend),
        costs_(costs),
        cache_(cache),
        measurer_(measurer),
        options_(options),
        works_(backend.target(), costs, cache, options.effort) {
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
      std::vector<Work*> open = works_.open(false);
      if (open.empty()) open = works_.open_libraries();
      if (open.empty() && options_.effort >= 2) open = works_.open(true);
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
    report_.problems = static_cast<int>(works_.size());
    report_.remembered = works_.remembered();
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
      works_.forget_uses();
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        const int remembered = works_.remembered();
        SelectOptions select_options{.rules = options_.rules, .observe = {}};
        select_options.observe = [this](const StepGraph::Step& step, const Problem& problem, const std::string& key,
                                        std::span<const CandidateReport> accepted) {
          works_.note(step, problem, key, accepted);
        };
        auto choice = select(*parts_[p].graph, parts_[p].sizes, backend_, costs_, select_options);
        if (!choice) return std::move(choice).error();
        again |= works_.remembered() != remembered;
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

  /// Counts the problems of a choice; true when each of them has its time measured.
  bool count_uses(const Part& part, const Choice& choice) {
    const Flow flow(*part.graph);
    bool known = true;
    for (std::size_t s = 0; s < choice.steps.size(); ++s) {
      if (choice.steps[s].tactic == nullptr) continue;
      const Problem problem =
          chosen_problem(*part.graph, flow, part.sizes, choice, static_cast<int>(s), backend_.target().threads);
      Work* const work = works_.find(problem.key());
      if (work == nullptr) continue;
      ++work->uses;
      known &= choice.steps[s].measured || !work->fast;
    }
    return known;
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
      measure(*work);
      work->done = true;
      ++done_;
    }
    return true;
  }

  /// Times once more what was timed in this build: another program may have worked at the same time, and the shorter
  /// of two times apart is nearer to the truth.
  void look_again() {
    ++looks_;
    const std::vector<Work*> again = works_.contenders(kContender);
    const double now = measurer_.now_us();
    const double end = now + std::max(kLeastSecondLookUs, kSecondLookShare * (now - start_us_));
    for (Work* const work : again) {
      if (over() || measurer_.now_us() >= end) return;
      measure(*work);
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

  void measure(Work& work) {
    auto bench = measurer_.begin(work.problem);
    if (!bench) return log(LogLevel::kDebug, "tune: step '", work.step, "': ", bench.error().message);
    std::vector<const Tactic*> tactics;
    for (const Tactic* tactic : work.candidates) {
      if (Status added = (*bench)->add(*tactic); !added) {
        // A library tells that it cannot do a problem only when it is to do it.
        const bool refused = tactic->is_library() && added.error().code == Code::kUnsupported;
        if (refused) set_time(work, *tactic, kRefusedUs);
        log(refused ? LogLevel::kDebug : LogLevel::kWarn, "tune: step '", work.step, "': ", added.error().message);
        continue;
      }
      tactics.push_back(tactic);
    }
    const double now = measurer_.now_us();
    const TimingLimits limits{.enough_us = now + std::max((deadline_us_ - now) * kSampleShare, 2000.0),
                              .longer_us = looks_ > 0 ? now + kSecondLookSampleUs : now,
                              .over = [this] { return over(); }};
    const auto times = time_side_by_side(**bench, tactics, measurer_, limits, work.step);
    for (std::size_t i = 0; i < tactics.size(); ++i) {
      if (!times[i]) continue;
      double us = *times[i];
      if (const auto earlier = costs_.find(work.key, *tactics[i]); looks_ > 0 && earlier) us = std::min(us, *earlier);
      work.measured = true;
      set_time(work, *tactics[i], us);
      report_.measured += looks_ > 0 ? 0 : 1;
    }
  }

  void set_time(const Work& work, const Tactic& tactic, double us) {
    costs_.set(work.key, tactic, us);
    if (cache_ != nullptr) cache_->add(work.key, tactic, us);
  }

  const Backend& backend_;
  CostTable& costs_;
  TimingCache* cache_;
  Measurer& measurer_;
  const TuneOptions& options_;
  std::vector<Part> parts_;
  WorkList works_;
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
