#include "compile/compile.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread_pool.h"
#include "compile/outputs.h"
#include "plan/batch_slices.h"
#include "tune/tuner.h"

#include <algorithm>

namespace bolide {
namespace {

double seconds_since(double start_us) { return (monotonic_microseconds() - start_us) * 1e-6; }

/// `stop` is set when the user asks to stop; passes run to their end all the same, since there is no best so far.
PassOptions pass_options(const CompileOptions& options, bool own_memory, bool& stop) {
  PassOptions passes{.integers = options.integers, .own_memory = own_memory, .verify = options.verify_passes};
  const bool none = std::find(options.skip_passes.begin(), options.skip_passes.end(), "*") != options.skip_passes.end();
  if (none) {
    for (const std::string_view name : pass_names()) passes.skip.emplace_back(name);
  } else {
    passes.skip = options.skip_passes;
  }
  if (options.progress) {
    passes.progress = [&options, &stop](std::string_view pass, int) {
      stop |= !options.progress(strings::join("pass ", pass), 0, 0, -1);
      return true;
    };
  }
  if (!options.dump_folder.empty()) {
    passes.dump = [folder = options.dump_folder, number = 0](std::string_view pass, std::string_view when,
                                                             const std::string& graph) mutable {
      std::string digits = strings::join(number++);
      digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
      const auto path = folder / strings::join(digits, '-', pass, '-', when, ".txt");
      if (Status wrote = write_file(path, std::as_bytes(std::span(graph.data(), graph.size()))); !wrote) {
        log(LogLevel::kWarn, "dump of pass ", pass, ": ", wrote.error().message);
      }
    };
  }
  return passes;
}

/// All times of all tactics under the choice for one shape, and why tactics are out.
std::vector<CompileReport::StepReport> step_reports(const StepGraph& graph, const Sizes& sizes, const Backend& backend,
                                                    const CostTable& costs, const TacticRules& rules,
                                                    const Choice& choice) {
  const Flow flow(graph);
  std::vector<CompileReport::StepReport> reports;
  for (std::size_t s = 0; s < graph.steps.size(); ++s) {
    if (choice.steps[s].tactic == nullptr) continue;
    const StepGraph::Step& step = graph.steps[s];
    const Problem problem = chosen_problem(graph, flow, sizes, choice, static_cast<int>(s), backend.target().threads);
    const std::string key = problem.key();
    CompileReport::StepReport report{.step = step.name};
    for (const Tactic* tactic : backend.tactics(step.op)) {
      CandidateReport candidate = weigh(*tactic, step.name, problem, key, backend.target(), costs, rules);
      if (candidate.verdict.accepted && !candidate.measured && tactic->is_library()) {
        candidate = {tactic, reject("was not timed"), 0, false};
      }
      report.candidates.push_back(std::move(candidate));
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

/// The times of earlier builds; none where the file cannot be read.
std::optional<TimingCache> open_cache(const CompileOptions& options, const Target& target) {
  if (options.timing_cache.empty() || options.effort <= 0) return std::nullopt;
  TimingCache cache(target.fingerprint);
  if (Status loaded = cache.load(options.timing_cache); !loaded) {
    log(LogLevel::kWarn, "timing cache: ", loaded.error().message);
  }
  return cache;
}

/// The ranges of the network's values on the samples; none, with the reason in the report, where they cannot be run.
std::vector<ValueRange> sample_ranges(const std::shared_ptr<const StepGraph>& steps, const CompileOptions& options,
                                      PrecisionReport& report) {
  if (options.storage != DataType::kF16) return {};  // BF16 reaches as far as FP32
  const double start = monotonic_microseconds();
  const auto measure = [&]() -> Result<std::vector<ValueRange>> {
    std::vector<Tensors> samples = options.samples;
    report.drawn = samples.empty();
    if (samples.empty()) {
      TRY(std::vector<Dims> dims, complete_sizes(*steps, options.shapes.empty() ? InputSizes() : options.shapes[0]));
      TRY(const Sizes sizes, resolve_sizes(*steps, dims));
      if (splits_by_batch(*steps)) {
        const std::int64_t size = slice_size(*steps, sizes, kMaxSliceBytes);
        for (Dims& input : dims) input[0] = size;
      }
      TRY(Tensors drawn, draw_samples(*steps, dims));
      samples.push_back(std::move(drawn));
    }
    report.samples = static_cast<int>(samples.size());
    return measure_ranges(steps, samples);
  };
  auto ranges = measure();
  report.check_s = seconds_since(start);
  if (ranges && report.drawn) {
    log(LogLevel::kWarn, "fp16 is checked on random inputs; give inputs of your own to be sure (--data)");
  }
  if (ranges) return *std::move(ranges);
  report.samples = 0;
  report.unchecked = ranges.error().message;
  log(LogLevel::kWarn, "fp16 is not checked on sample inputs: ", report.unchecked);
  return {};
}

bool larger_than_cache(const StepGraph& graph) {
  constexpr std::size_t kCacheBytes = std::size_t{16} << 20;
  std::size_t bytes = 0;
  for (const Tensor& constant : graph.constants) bytes += constant.bytes();
  return bytes > kCacheBytes;
}

/// Measures, and decides for every shape.
Result<TuneReport> tune_shapes(const StepGraph& graph, std::span<const Sizes> shapes, const Backend& backend,
                               CostTable& costs, const CompileOptions& options, double budget_s, bool& stop) {
  ThreadPool::shared().ensure(backend.target().threads);
  std::optional<TimingCache> cache = open_cache(options, backend.target());
  // Without its device a plan is made by the cost model and by times that are remembered.
  const std::shared_ptr<Device> device = backend.device();
  const bool untimed = backend.has_own_memory() && device == nullptr;
  TuneOptions tuning{.effort = untimed ? 0 : options.effort, .budget_s = budget_s, .rules = options.rules};
  if (options.progress) {
    tuning.progress = [&](const TuneProgress& now) {
      stop |= !options.progress(strings::join("timing ", now.what), now.done, now.total, now.seconds_left);
    };
  }
  tuning.cancelled = [&stop] { return stop; };
  auto measurer = make_kernel_measurer(backend.target(), larger_than_cache(graph));
  if (device != nullptr) {
    TRY(measurer, make_device_measurer(backend.target(), device));
  }
  TRY(TuneReport report, tune(graph, shapes, backend, costs, cache ? &*cache : nullptr, *measurer, tuning));
  if (cache && report.measured > 0) {
    if (Status saved = cache->save(options.timing_cache); !saved) {
      log(LogLevel::kWarn, "timing cache: ", saved.error().message);
    }
  }
  return report;
}

/// FP32 as the narrower type that the options name.
Result<std::shared_ptr<const StepGraph>> convert(const std::shared_ptr<const StepGraph>& steps,
                                                 const CompileOptions& options, PrecisionReport& report) {
  const PrecisionRules rules{.keep = options.keep_f32, .ranges = sample_ranges(steps, options, report)};
  TRY(auto converted, with_precision(*steps, options.storage, rules, report));
  if (report.overflowed > 0 || report.vanished > 0) {
    log(LogLevel::kWarn, "weights in ", options.storage, ": of ", report.weights, " numbers ", report.overflowed,
        " became infinite and ", report.vanished, " became zero");
  }
  return converted;
}

/// `stop` becomes true when the user asks to stop.
void tell(const CompileOptions& options, std::string_view phase, bool& stop) {
  if (options.progress) stop |= !options.progress(phase, 0, 0, -1);
}

/// The shapes to tune for that can be planned.
struct TunedShapes {
  std::vector<std::vector<Dims>> inputs;
  std::vector<Sizes> sizes;
};

Result<TunedShapes> tuned_shapes(const StepGraph& steps, const Backend& backend, const CompileOptions& options) {
  TunedShapes out;
  for (const InputSizes& given : options.shapes) {
    TRY(std::vector<Dims> shape, complete_sizes(steps, given));
    Result<Sizes> sizes = resolve_sizes(steps, shape);
    // A network that no default size fits is still an engine; a size that was asked for must fit.
    if (!sizes && given.empty()) continue;
    if (!sizes) return std::move(sizes).error();
    // Only the data decide, or values are no plain bytes: such networks run by the operators' definitions.
    if (!is_plannable(steps) || !sizes->all_known) continue;
    if (!backend.has_own_memory() && splits_by_batch(steps)) {
      // The runtime cuts a large batch likewise: what runs is what is timed.
      const std::int64_t size = slice_size(steps, *sizes, kMaxSliceBytes);
      for (Dims& input : shape) input[0] = size;
      TRY(sizes, resolve_sizes(steps, shape));
    }
    out.inputs.push_back(std::move(shape));
    out.sizes.push_back(*std::move(sizes));
  }
  return out;
}

/// Times kernels and decides for all shapes; `start` is when the build began, which its budget counts from.
Result<Compiled> choose(std::shared_ptr<const StepGraph> steps, std::shared_ptr<const Backend> backend,
                        const CompileOptions& options, double start, bool stop, CompileReport report) {
  TRY(const TunedShapes shapes, tuned_shapes(*steps, *backend, options));
  tell(options, "choose kernels", stop);
  CostTable costs;
  const double budget_s = std::max(0.0, options.time_budget_s - seconds_since(start));
  TRY(TuneReport tuning, tune_shapes(*steps, shapes.sizes, *backend, costs, options, budget_s, stop));
  report.tuning_s = tuning.seconds;
  report.problems = tuning.problems;
  report.measured = tuning.measured;
  report.remembered = tuning.remembered;
  report.interrupted = stop;
  if (!shapes.sizes.empty()) {
    report.steps = step_reports(*steps, shapes.sizes[0], *backend, costs, options.rules, tuning.choices[0]);
  }
  std::vector<Variant> variants;
  for (std::size_t i = 0; i < shapes.inputs.size(); ++i)
    variants.push_back({shapes.inputs[i], std::move(tuning.choices[i])});
  Compiled compiled{.engine = EngineCore::make(std::move(steps), std::move(backend), std::move(costs),
                                               std::move(variants), {.rules = options.rules}),
                    .report = std::move(report)};
  if (options.effort > 0 && !stop && compiled.engine->backend().device() != nullptr) {
    // Kernels that were chosen without being timed are compiled now, so that loading finds them on the disk.
    tell(options, "compile kernels", stop);
    for (const std::vector<Dims>& shape : shapes.inputs) {
      if (auto prepared = compiled.engine->prepare(shape); !prepared) return std::move(prepared).error();
    }
  }
  return compiled;
}

}  // namespace

bool is_quantised(const Graph& graph) {
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const std::string_view name = node.op.name();
    if (name == "QuantizeLinear" || name == "DequantizeLinear" || name == "DynamicQuantizeLinear") return true;
    for (const ValueId input : node.inputs) {
      const bool small = input != kNoValue && bit_width(graph.value(input).type.dtype) == 8;
      if (small && (name == "Conv" || name == "MatMul")) return true;
    }
    for (const auto& body : node.subgraphs) {
      if (is_quantised(*body)) return true;
    }
  }
  return false;
}

Result<Compiled> compile(Graph graph, std::shared_ptr<const Backend> backend, const CompileOptions& options) {
  const std::shared_ptr<Device> device = backend->device();
  const DeviceRange range(device.get(), "bolide build");
  const double start = monotonic_microseconds();
  CompileReport report;
  TRY_OK(cut_at(graph, options.outputs));
  TRY_OK(mark_outputs(graph, options.mark_outputs));
  bool stop = false;
  TRY(report.passes, run_pipeline(graph, pass_options(options, backend->has_own_memory(), stop)));
  TRY(auto steps, lower(graph));
  if (options.storage != DataType::kF32) {
    tell(options, strings::join("convert to ", options.storage), stop);
    TRY(steps, convert(steps, options, report.precision));
  }
  report.passes_s = seconds_since(start);
  return choose(std::move(steps), std::move(backend), options, start, stop, std::move(report));
}

Result<Compiled> tune_for(std::shared_ptr<const StepGraph> steps, std::shared_ptr<const Backend> backend,
                          const CompileOptions& options) {
  const std::shared_ptr<Device> device = backend->device();
  const DeviceRange range(device.get(), "bolide build");
  return choose(std::move(steps), std::move(backend), options, monotonic_microseconds(), false, {});
}

}  // namespace bolide
