/// The conductor: a graph becomes an engine tuned for this machine.
#pragma once

#include "compile/lower.h"
#include "compile/precision.h"
#include "passes/pipeline.h"
#include "runtime/engine.h"

#include <filesystem>

namespace bolide {

using InputSizes = std::vector<std::pair<std::string, Dims>>;

/// Called with what is being done, units done and in all (0: unknown), and expected seconds left (< 0: unknown); false
/// asks to stop with the best so far.
using ProgressFunction =
    std::function<bool(std::string_view phase, std::int64_t done, std::int64_t total, double seconds_left)>;

struct CompileOptions {
  DataType storage = DataType::kF32;  ///< of what the network has as FP32: kF16 and kBF16 on devices that compute so
  /// Sample inputs, each a tensor an input in order, on which kF16 is checked; none: random ones.
  std::vector<Tensors> samples;
  std::vector<std::string> keep_f32;  ///< patterns: layers that stay in FP32; see PrecisionRules
  bool integers = true;               ///< integer kernels where the network's Q/DQ says; false: Q/DQ in float
  std::vector<InputSizes> shapes;     ///< tuned shapes; inputs and names left out are completed (plan/sizes.h)
  int effort = 2;                     ///< 0: cost model only
  double time_budget_s = 4.5;
  std::vector<std::string> skip_passes;  ///< "*": all
  TacticRules rules;
  std::vector<std::string> mark_outputs;  ///< "all": every value
  std::vector<std::string> outputs;       ///< cut here
  bool verify_passes = false;
  std::filesystem::path dump_folder;   ///< empty: no dumps
  std::filesystem::path timing_cache;  ///< empty: none is used
  ProgressFunction progress;
};

struct CompileReport {
  PassReport passes;
  PrecisionReport precision;  ///< where FP32 is stored otherwise
  double passes_s = 0;
  double tuning_s = 0;
  int problems = 0;    ///< distinct ones that were weighed
  int measured = 0;    ///< candidates timed now
  int remembered = 0;  ///< timings found in the cache
  bool interrupted = false;
  /// Of every step of the plan: the candidates, with times or reasons for refusal.
  struct StepReport {
    std::string step;
    std::vector<CandidateReport> candidates;
  };
  std::vector<StepReport> steps;
};

struct Compiled {
  std::shared_ptr<EngineCore> engine;
  CompileReport report;
};

/// Marks and cuts outputs, runs the passes, lowers, times kernels, plans the tuned shapes.
/// Errors: NotFound for a value, pass or input of no such name; Unsupported with step and reasons.
Result<Compiled> compile(Graph graph, std::shared_ptr<const Backend> backend, const CompileOptions& options);

/// The second half of it alone, for a network that is lowered: kernels are timed and chosen for `backend`. Of the
/// options, those of passes, precision and outputs do not count.
Result<Compiled> tune_for(std::shared_ptr<const StepGraph> steps, std::shared_ptr<const Backend> backend,
                          const CompileOptions& options);

/// True when the graph, or a body in it, quantises.
bool is_quantised(const Graph& graph);

}  // namespace bolide
