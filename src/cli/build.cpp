#include "cli/json_output.h"
#include "cli/model_options.h"
#include "cli/table.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <iostream>

namespace bolide::cli {
namespace {

struct BuildArgs {
  ModelOptions model;
  std::string output;
  bool verbose = false;
  bool json = false;
};

int build(const BuildArgs& args) {
  const auto start = std::chrono::steady_clock::now();
  if (Result<BuilderConfig> config = to_config(args.model); !config) return usage_error(config.error().message);
  const bool again = is_engine_file(args.model.path);
  if (const std::string option = option_of_models(args.model); again && !option.empty()) {
    return usage_error(option + " goes with a model; " + args.model.path + " is an engine file, which has that inside");
  }
  Result<Engine> engine = again ? retune_engine(args.model) : open_engine(args.model, true);
  if (!engine) return report(engine.error());
  if (Status saved = engine->save(args.output); !saved) return report(saved.error());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto bytes = static_cast<double>(std::filesystem::file_size(args.output));
  if (args.json) {
    nlohmann::json document = nlohmann::json::parse(engine->build_report_json());
    document["output"] = args.output;
    document["build_s"] = seconds;
    document["engine_mib"] = bytes / (1 << 20);
    document["target"] = args.model.target.empty() ? args.model.device : args.model.target;
    document["untimed"] = !args.model.target.empty();
    print_json(document);
    return kDone;
  }
  if (args.verbose) std::cout << engine->build_report() << '\n';
  if (const auto facts = engine->facts(); facts.count("kept_fp32") > 0) {
    std::cout << "in FP32 beside " << facts.at("precision") << ": " << facts.at("kept_fp32")
              << (args.verbose ? "\n" : " (--verbose says why)\n");
  }
  if (!args.model.target.empty()) {
    std::cout << "planned for " << args.model.target
              << " by the cost model: no kernel was timed; build on such a device for timed choices\n";
  }
  std::cout << "wrote " << args.output << " (" << human_bytes(bytes) << ") in " << number(seconds) << " s\n";
  return kDone;
}

}  // namespace

std::function<int()> add_build(CLI::App& app) {
  auto args = std::make_shared<BuildArgs>();
  app.add_option("MODEL|ENGINE", args->model.path, "ONNX model; or an engine, to choose kernels for a further device")
      ->required();
  add_plugin_option(app, args->model);
  app.add_option("--output,-o", args->output, "engine file to write")->required();
  add_build_options(app, args->model);
  add_target_option(app, args->model);
  app.add_flag("--verbose,-v", args->verbose, "print passes, fusions with their members, candidates with times");
  app.add_flag("--json", args->json, "print the report as one JSON document");
  return [args] { return build(*args); };
}

}  // namespace bolide::cli
