/// The order of the passes, and running them.
///
///     PassOptions options;
///     options.skip = {"fold-batch-norm"};
///     TRY(PassReport report, run_pipeline(graph, options));
///
/// A pass runs on the bodies of If, Loop and Scan, too. Groups of passes repeat until none of them finds anything, so
/// that a second run of the pipeline rewrites nothing.
#pragma once

#include "ir/graph.h"

#include <functional>

namespace bolide {

struct Pass {
  std::string_view name;  ///< kebab-case
  Result<int> (*run)(Graph& graph);
};

/// Passes that run in order, and again until a whole round finds nothing.
struct PassGroup {
  std::string_view name;
  std::span<const Pass> passes;
};
std::span<const PassGroup> pipeline();
/// The names of all passes, each once, in order.
std::vector<std::string_view> pass_names();
/// The pass of that name. Errors: NotFound.
Result<Pass> find_pass(std::string_view name);

struct PassOptions {
  std::vector<std::string> skip;  ///< names of passes to leave out
  bool integers = true;           ///< Q/DQ regions run in integers; false: in float, with their rounding
  bool own_memory =
      true;             ///< for a device with memory of its own, for which data-dependent sizes are made to come late
  bool verify = false;  ///< check the graph's invariants after each pass that changed something
  /// Called before and after each pass that changed something, with the printed graph; null: nothing is printed.
  std::function<void(std::string_view pass, std::string_view when, const std::string& graph)> dump;
  /// Called before each pass; false ends the run with Cancelled.
  std::function<bool(std::string_view pass, int round)> progress;
  int max_rounds = 16;          ///< of each group
  double folding_seconds = 60;  ///< beyond them nothing more is computed ahead: it is left to runs
};

struct PassReport {
  struct Entry {
    std::string_view pass;
    int runs = 0;
    int rewrites = 0;
    double milliseconds = 0;
  };
  /// A node that does the work of several of the user's.
  struct Fusion {
    std::string_view pass;  ///< the one that made the node
    std::string node;
    std::string op;
    std::vector<std::string> members;
  };
  std::vector<Entry> passes;
  std::vector<Fusion> fusions;  ///< in the final graph, in its order
  int rewrites() const;
};

/// Errors: NotFound for an unknown name in `skip`; Cancelled; what a pass says, with its name; Internal from the
/// verifier, with the pass's name. After an error the graph is in an unspecified state.
Result<PassReport> run_pipeline(Graph& graph, const PassOptions& options = {});

/// One pass on a graph and on the bodies in it.
Result<int> run_pass(const Pass& pass, Graph& graph);

}  // namespace bolide
