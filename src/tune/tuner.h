/// Measures the candidates that matter for a network and chooses by the result.
///
/// The selector says which problems its cheapest layouts bring; their best-ranked tactics are timed in rounds, side by
/// side, and the selector is asked again with the times, until it asks for nothing new or the time is up. On a host,
/// which other programs use too, what was timed is then timed once more, and the selector asked a last time.
#pragma once

#include "plan/selector.h"
#include "tune/measurer.h"
#include "tune/timing_cache.h"

namespace bolide {

struct TuneProgress {
  int done = 0;   ///< problems measured
  int total = 0;  ///< problems known by now; may grow
  double seconds_left = 0;
  std::string what;  ///< the step whose problem is next
};

struct TuneOptions {
  /// 0: nothing is measured, times that are known are used. 1: the best two candidates of each problem of the chosen
  /// layouts by estimate. 2: the best four, other layouts when time allows. 3: all. Beside these, for
  /// the chosen layouts, tactics of libraries: the first two, ten or all that the libraries propose.
  int effort = 2;
  double budget_s = 5;  ///< of measuring, all shapes together
  TacticRules rules;
  std::function<void(const TuneProgress&)> progress;
  std::function<bool()> cancelled;  ///< true ends measuring; what is known by then decides
};

struct TuneReport {
  int problems = 0;    ///< that the chosen layouts or, with time left, other layouts have
  int measured = 0;    ///< tactics timed
  int remembered = 0;  ///< times found in the cache
  int rounds = 0;      ///< of selecting and measuring
  double seconds = 0;
  bool complete = true;         ///< false when time or the user ended it before all was measured
  std::vector<Choice> choices;  ///< by shape
};

/// Fills `costs` and chooses for each of `shapes` (all sizes known). `cache` may be null. Steps of If are measured in
/// their bodies, too. Errors: Unsupported from select(); a tactic that fails to run is only passed over.
Result<TuneReport> tune(const StepGraph& graph, std::span<const Sizes> shapes, const Backend& backend, CostTable& costs,
                        TimingCache* cache, Measurer& measurer, const TuneOptions& options = {});

/// The problem that a step has under a choice, the copies of its inputs included.
Problem chosen_problem(const StepGraph& graph, const Flow& flow, const Sizes& sizes, const Choice& choice, int step,
                       int threads);

}  // namespace bolide
