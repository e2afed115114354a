/// The options that commands over a model or an engine share.
#pragma once

#include "cli/command.h"
#include "cli/trace.h"

namespace bolide::cli {

struct ModelOptions {
  std::string path;
  std::vector<std::string> shapes;  ///< each NAME:DIMxDIM...[,NAME:...]; the first is what runs use
  bool dynamic_batch = false;
  std::string precision = "best";
  std::string device = "cpu";
  std::string target;                  ///< sm_NN instead of a device
  std::string data;                    ///< folder of inputs on which fp16 is checked
  std::vector<std::string> keep_fp32;  ///< patterns
  int threads = 0;
  double time_budget_s = 4.5;
  int effort = 2;
  std::vector<std::string> skip_passes;
  std::vector<std::string> forbid_tactics;
  std::vector<std::string> force_tactics;
  std::vector<std::string> mark_outputs;
  std::vector<std::string> outputs;
  bool no_timing_cache = false;
  std::string timing_cache;
  bool verify = false;
  std::string dump_passes;
  std::vector<std::string> plugins;  ///< shared libraries
  std::string trace_file;
  std::shared_ptr<Trace> trace;  ///< collects while trace_file is not empty
  double time_limit_s = 0;       ///< of a run; 0: none
  /// Ranks of inputs that neither the file nor the first --shapes states; may be empty.
  std::function<std::optional<int>(std::size_t index, std::string_view name)> rank_of = {};
};

void add_model_path(CLI::App& app, ModelOptions& options, const char* what);
/// --plugin; add_model_path has it, too.
void add_plugin_option(CLI::App& app, ModelOptions& options);
void add_shape_options(CLI::App& app, ModelOptions& options);
/// Threads, device, precision.
void add_run_options(CLI::App& app, ModelOptions& options);
/// --target, behind --device: for commands that run nothing.
void add_target_option(CLI::App& app, ModelOptions& options);
/// --time-limit of each run.
void add_time_limit_option(CLI::App& app, ModelOptions& options);
/// --trace.
void add_trace_option(CLI::App& app, ModelOptions& options);
/// Traces three runs after one that is not, and writes the file; nothing without --trace.
Status write_trace(const ModelOptions& options, const Engine& engine, ExecutionContext& context,
                   const InputShapes& shapes);
/// Everything a build takes.
void add_build_options(CLI::App& app, ModelOptions& options);

/// Errors: InvalidArgument for a --shapes text; the caller treats it as a wrong command line.
Result<BuilderConfig> to_config(const ModelOptions& options);
/// Gives the process what --plugin names.
Status load_plugins(const ModelOptions& options);
/// Reads the model; fails with every problem of the file. `report`: as OnnxParser::parse_file.
Result<Network> read_network(const ModelOptions& options, FileReport* report = nullptr);
/// Loads an engine file, or compiles a model, for `sizes` where they are given, else for the options' own. Progress
/// goes to stderr when that is a terminal.
Result<Engine> open_engine(const ModelOptions& options, bool tune, const InputShapes& sizes = {});
/// The first option given that an engine file does not take, as its decisions are made; empty when there is none.
std::string option_of_models(const ModelOptions& options);
/// Chooses kernels of an engine file for the options' device, beside what the file holds for others.
Result<Engine> retune_engine(const ModelOptions& options);
/// Sizes of all inputs from the first --shapes.
Result<InputShapes> run_shapes(const ModelOptions& options, const Engine& engine);

/// Writes build progress with the time left to stderr while it is a terminal.
class TerminalProgress final : public ProgressMonitor {
 public:
  ~TerminalProgress() override;
  bool progress(std::string_view phase, std::int64_t done, std::int64_t total, double seconds_left) override;
  /// Hears of the phases, too.
  void tell(Trace* trace) { trace_ = trace; }

 private:
  bool shown_ = false;
  Trace* trace_ = nullptr;
};
/// True after SIGINT; builds stop with the best so far.
bool interrupted();
void catch_interrupts();

}  // namespace bolide::cli
