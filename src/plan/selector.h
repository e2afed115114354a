/// Layouts and tactics for one assignment of sizes: the cheapest set found, every reformat counted.
///
/// A value that a step computes lies in memory in some order of its dims; views (reshape, transpose, slice, split) only
/// rename it. The cost of a step under given orders is its best tactic's time plus the copies of the inputs that the
/// tactic cannot read; the cost of the network is the sum. The selector starts from the better of two uniform
/// assignments (all row-major; spatial values channels-last) and moves single values to another order as long as the
/// total falls, which is exact on chains that it can walk step by step and cheap on any graph.
#pragma once

#include "backend/backend.h"
#include "plan/candidates.h"
#include "plan/flow.h"

#include <functional>

namespace bolide {

/// What was decided for one step.
struct StepChoice {
  const Tactic* tactic = nullptr;  ///< null for views, concatenations and steps with bodies
  /// Per input: copied into this order before the step; nothing: read as it lies.
  std::vector<std::optional<Order>> reformats;
  double us = 0;
  bool measured = false;
};

struct Choice {
  std::vector<Order> orders;  ///< by value; meaningful for values that a step writes
  std::vector<StepChoice> steps;
  double total_us = 0;
};

/// A decision made for one assignment of input sizes: what an engine file keeps for each tuned shape.
struct Variant {
  std::vector<Dims> inputs;
  Choice choice;
};

struct SelectOptions {
  TacticRules rules;
  /// Called for each problem whose candidates are weighed, with those that accepted; the tuner collects here.
  std::function<void(const StepGraph::Step&, const Problem&, const std::string& key, std::span<const CandidateReport>)>
      observe;
};

/// Errors: Unsupported naming the step that no tactic accepts, with every tactic's reason.
Result<Choice> select(const StepGraph& graph, const Sizes& sizes, const Backend& backend, const CostTable& costs,
                      const SelectOptions& options = {});

}  // namespace bolide
