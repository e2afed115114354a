#include "cli/model_options.h"

#include "cli/test_data.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

namespace bolide::cli {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What is wrong with the name of a device; empty when nothing is.
std::string device_fault(const std::string& text) {
  if (text == "cpu" || text == "cuda") return {};
  if (text.rfind("cuda:", 0) == 0 && is_number(std::string_view(text).substr(5))) return {};
  if (text.rfind("sm_", 0) == 0)
    return "'" + text + "' is no device to run on; to plan without one: build --target " + text;
  std::string there;
  for (const auto& [fact, value] : system_facts()) {
    if (fact == "devices") there = value;
  }
  return "there is no device '" + text + "'; write cpu, cuda or cuda:N (here: " + there + ")";
}

std::string target_fault(const std::string& text) {
  if (text.rfind("sm_", 0) == 0 && is_number(std::string_view(text).substr(3))) return {};
  return "'" + text + "' is no target; write sm_NN, e.g. sm_90 for H100 and H200, sm_89 for RTX 40, sm_80 for A100";
}

}  // namespace

bool interrupted() { return g_interrupted != 0; }

void catch_interrupts() {
  std::signal(SIGINT, [](int) {
    if (g_interrupted != 0) std::_Exit(130);  // the second time means it
    g_interrupted = 1;
  });
}

void add_model_path(CLI::App& app, ModelOptions& options, const char* what) {
  app.add_option(what, options.path, "ONNX model or engine file")->required();
  add_plugin_option(app, options);
}

void add_plugin_option(CLI::App& app, ModelOptions& options) {
  app.add_option("--plugin", options.plugins, "shared library with operators of your own; may be repeated");
}

void add_shape_options(CLI::App& app, ModelOptions& options) {
  app.add_option("--shapes", options.shapes,
                 "NAME:DIMxDIM...[,NAME:...]: sizes of inputs, split at the last colon; named dims not given are 1")
      ->check([](const std::string& text) {
        const Result<InputShapes> shapes = parse_shapes(text);
        return shapes ? std::string() : shapes.error().message;
      });
  app.add_flag("--dynamic-batch", options.dynamic_batch,
               "a model exported for one batch size takes any: the size is named 'batch'");
}

void add_run_options(CLI::App& app, ModelOptions& options) {
  app.add_option("--threads", options.threads, "threads to use; 0: the smaller of CPU affinity and cgroup quota")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--device", options.device, "where to run: cpu, cuda, cuda:N ('bolide doctor' lists what is there)")
      ->check(device_fault)
      ->capture_default_str();
  app.add_option("--precision", options.precision,
                 "compute types allowed: fp32, tf32, bf16, fp16, int8, or best (nothing below what the file states)")
      ->check(CLI::IsMember({"best", "fp32", "tf32", "bf16", "fp16", "int8"}))
      ->capture_default_str();
  app.add_option("--keep-fp32", options.keep_fp32,
                 "NAME,...: layers or values that stay in FP32 with fp16 and bf16; * for any characters")
      ->delimiter(',');
  app.parse_complete_callback([&options] {
    const bool fp16 = options.precision == "fp16";
    if (!options.keep_fp32.empty() && !fp16 && options.precision != "bf16") {
      throw CLI::ValidationError("--keep-fp32", "goes with --precision fp16 or bf16");
    }
    if (!options.data.empty() && !fp16)
      throw CLI::ValidationError("--data", "goes with --precision fp16, which it checks");
  });
}

void add_target_option(CLI::App& app, ModelOptions& options) {
  app.add_option("--target", options.target,
                 "sm_NN: plan for NVIDIA GPUs of that compute capability without one, by the cost model, untimed")
      ->check(target_fault)
      ->excludes("--device");
}

void add_time_limit_option(CLI::App& app, ModelOptions& options) {
  app.add_option("--time-limit", options.time_limit_s, "seconds that a run may take; 0: any")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_trace_option(CLI::App& app, ModelOptions& options) {
  options.trace = std::make_shared<Trace>();
  app.add_option("--trace", options.trace_file,
                 "file for Perfetto (ui.perfetto.dev): phases of the build, steps of three runs by thread and stream");
}

Status write_trace(const ModelOptions& options, const Engine& engine, ExecutionContext& context,
                   const InputShapes& shapes) {
  if (options.trace_file.empty()) return {};
  const Result<PlanInfo> plan = engine.plan(shapes);
  if (!plan) return plan.error();
  if (Status ran = context.run(); !ran) return ran;
  for (int i = 0; i < 3; ++i) {
    if (Status ran = options.trace->run(context, *plan); !ran) return ran;
  }
  return options.trace->write(options.trace_file);
}

void add_build_options(CLI::App& app, ModelOptions& options) {
  add_shape_options(app, options);
  add_run_options(app, options);
  app.add_option("--data", options.data,
                 "folder with input_N.pb, or of such folders: fp16 is checked on them; without it on random inputs");
  app.add_option("--time-budget", options.time_budget_s, "seconds for passes and timing kernels")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--effort", options.effort, "0 cost model only, 1 few candidates, 2 default, 3 all")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  app.add_option("--skip-pass", options.skip_passes, "leave out a pass by name (see 'bolide build --verbose')");
  app.add_option("--forbid-tactic", options.forbid_tactics, "tactics not to use; * for any characters");
  app.add_option("--force-tactic", options.force_tactics, "STEP=TACTIC, patterns with *");
  app.add_option("--mark-output", options.mark_outputs, "keep a value as an extra output; all for every one");
  app.add_option("--outputs", options.outputs, "cut the network so that these values are its outputs")->delimiter(',');
  app.add_flag("--no-timing-cache", options.no_timing_cache, "neither read nor write remembered timings");
  app.add_option("--timing-cache", options.timing_cache, "file of remembered timings; default: in the cache folder");
  app.add_flag("--verify-passes", options.verify, "check the graph after every pass");
  app.add_option("--dump-passes", options.dump_passes, "folder for the graph as text after each pass");
}

Result<BuilderConfig> to_config(const ModelOptions& options) {
  static constexpr std::pair<std::string_view, Precision> kPrecisions[] = {
      {"best", Precision::kBest}, {"fp32", Precision::kFp32}, {"tf32", Precision::kTf32},
      {"bf16", Precision::kBf16}, {"fp16", Precision::kFp16}, {"int8", Precision::kInt8}};
  BuilderConfig config;
  for (const auto& [text, value] : kPrecisions) {
    if (text == options.precision) config.precision = value;
  }
  for (const std::string& text : options.shapes) {
    Result<InputShapes> shapes = parse_shapes(text);
    if (!shapes) return std::move(shapes).within("--shapes").error();
    config.shapes.push_back(*std::move(shapes));
  }
  config.device = options.target.empty() ? options.device : options.target;
  config.keep_fp32 = options.keep_fp32;
  config.threads = options.threads;
  config.time_budget_s = options.time_budget_s;
  config.effort = options.effort;
  config.skip_passes = options.skip_passes;
  config.forbid_tactics = options.forbid_tactics;
  config.force_tactics = options.force_tactics;
  config.mark_outputs = options.mark_outputs;
  config.outputs = options.outputs;
  config.use_timing_cache = !options.no_timing_cache;
  config.timing_cache = options.timing_cache;
  config.verify_passes = options.verify;
  config.dump_passes = options.dump_passes;
  return config;
}

Status load_plugins(const ModelOptions& options) {
  for (const std::string& file : options.plugins) {
    if (Status loaded = load_plugin(file); !loaded) return loaded;
  }
  return {};
}

Result<Network> read_network(const ModelOptions& options, FileReport* report) {
  if (Status loaded = load_plugins(options); !loaded) return loaded.error();
  const auto rank_of = [&options](std::size_t index, std::string_view name) -> std::optional<int> {
    const Result<InputShapes> shapes = parse_shapes(options.shapes.empty() ? "" : options.shapes.front());
    for (const auto& [input, dims] : shapes ? *shapes : InputShapes()) {
      if (input == name) return static_cast<int>(dims.size());
    }
    return options.rank_of ? options.rank_of(index, name) : std::nullopt;
  };
  return OnnxParser::parse_file(options.path,
                                {.shapes = {}, .dynamic_batch = options.dynamic_batch, .rank_of = rank_of}, report);
}

Result<Engine> open_engine(const ModelOptions& options, bool tune, const InputShapes& sizes) {
  if (Status loaded = load_plugins(options); !loaded) return loaded.error();
  Trace* const trace = options.trace_file.empty() ? nullptr : options.trace.get();
  struct EndPhase {
    Trace* trace;
    ~EndPhase() {
      if (trace != nullptr) trace->phase("");
    }
  } const end_phase{trace};
  if (is_engine_file(options.path)) {
    if (trace != nullptr) trace->phase("load");
    return Runtime().load(
        options.path, {.threads = options.threads, .device = options.target.empty() ? options.device : options.target});
  }
  Result<BuilderConfig> config = to_config(options);
  if (!config) return std::move(config).error();
  if (!sizes.empty()) config->shapes = {sizes};
  if (!tune) {
    config->effort = 0;
    config->use_timing_cache = false;
  }
  if (trace != nullptr) trace->phase("read the model");
  Result<Network> network = read_network(options);
  if (!network) return std::move(network).error();
  if (!options.data.empty() && !network->inputs().empty()) {
    Result<std::vector<NamedInputs>> samples = read_samples(options.data, network->inputs());
    if (!samples) return std::move(samples).within("--data").error();
    config->samples = *std::move(samples);
  }
  catch_interrupts();
  TerminalProgress progress;
  progress.tell(trace);
  config->progress = &progress;
  return Builder().build(*std::move(network), *config);
}

std::string option_of_models(const ModelOptions& options) {
  const ModelOptions none;
  const std::pair<const char*, bool> all[] = {{"--precision", options.precision != none.precision},
                                              {"--dynamic-batch", options.dynamic_batch},
                                              {"--data", !options.data.empty()},
                                              {"--keep-fp32", !options.keep_fp32.empty()},
                                              {"--skip-pass", !options.skip_passes.empty()},
                                              {"--mark-output", !options.mark_outputs.empty()},
                                              {"--outputs", !options.outputs.empty()},
                                              {"--verify-passes", options.verify},
                                              {"--dump-passes", !options.dump_passes.empty()}};
  for (const auto& [option, given] : all) {
    if (given) return option;
  }
  return {};
}

Result<Engine> retune_engine(const ModelOptions& options) {
  if (Status loaded = load_plugins(options); !loaded) return loaded.error();
  // On the CPU, which is always there.
  Result<Engine> engine = Runtime().load(options.path);
  if (!engine) return engine;
  Result<BuilderConfig> config = to_config(options);
  if (!config) return std::move(config).error();
  catch_interrupts();
  TerminalProgress progress;
  config->progress = &progress;
  return Builder().tune(*engine, *config);
}

Result<InputShapes> run_shapes(const ModelOptions& options, const Engine& engine) {
  InputShapes given;
  if (!options.shapes.empty()) {
    Result<InputShapes> parsed = parse_shapes(options.shapes.front());
    if (!parsed) return std::move(parsed).within("--shapes");
    given = *std::move(parsed);
  }
  return engine.complete_shapes(given);
}

TerminalProgress::~TerminalProgress() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
}

bool TerminalProgress::progress(std::string_view phase, std::int64_t done, std::int64_t total, double seconds_left) {
  if (trace_ != nullptr) trace_->phase(phase);
  if (isatty(STDERR_FILENO) != 0) {
    std::string line = total > 0 ? fmt::format("{}: {} of {}", phase, done, total) : std::string(phase);
    if (seconds_left >= 0) line += fmt::format(", {:.1f} s left", seconds_left);
    std::cerr << "\r\033[K" << line << std::flush;
    shown_ = true;
  }
  return !interrupted();
}

}  // namespace bolide::cli
