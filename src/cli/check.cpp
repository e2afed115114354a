#include "cli/json_output.h"
#include "cli/model_options.h"
#include "cli/table.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <map>

namespace bolide::cli {
namespace {

struct CheckArgs {
  ModelOptions model;
  bool json = false;
};

nlohmann::json to_json(const std::vector<TensorInfo>& infos) {
  nlohmann::json list = nlohmann::json::array();
  for (const TensorInfo& info : infos)
    list.push_back({{"name", info.name}, {"dtype", name(info.dtype)}, {"shape", info.shape}});
  return list;
}

int check(const CheckArgs& args) {
  if (is_engine_file(args.model.path)) {
    return usage_error(args.model.path + " is an engine file, not a model; `bolide inspect` shows it");
  }
  Result<Network> network = read_network(args.model);
  if (!network) return report(network.error());
  ModelOptions options = args.model;
  options.precision = "best";
  std::map<std::string, int> operators;
  for (const LayerInfo& layer : network->layer_list()) ++operators[layer.op];
  const std::string source = network->source();
  const auto inputs = network->inputs();
  const auto outputs = network->outputs();
  Result<Engine> engine = open_engine(options, false);
  if (!engine) return report(engine.error());
  Result<InputShapes> shapes = run_shapes(options, *engine);
  if (!shapes) return report(shapes.error());
  Result<PlanInfo> plan = engine->plan(*shapes);
  if (!plan) return report(plan.error());
  if (args.json) {
    print_json(nlohmann::json{{"model", args.model.path},
                              {"source", source},
                              {"inputs", to_json(inputs)},
                              {"outputs", to_json(outputs)},
                              {"operators", operators},
                              {"runs", true},
                              {"plan_steps", plan->steps.size()},
                              {"reference_steps", plan->reference_steps}});
    return kDone;
  }
  std::cout << args.model.path << "\n  " << source << '\n';
  for (const TensorInfo& info : inputs)
    std::cout << "  input   " << info.name << "  " << name(info.dtype) << info.shape << '\n';
  for (const TensorInfo& info : outputs)
    std::cout << "  output  " << info.name << "  " << name(info.dtype) << info.shape << '\n';
  Table table({"operator", "nodes"});
  for (const auto& [op, count] : operators) table.row({op, std::to_string(count)});
  std::cout << '\n';
  table.print(std::cout);
  std::cout << "\nBolide runs this model in " << plan->steps.size() << " steps";
  if (plan->reference_steps > 0) std::cout << ", " << plan->reference_steps << " of them by the slow reference";
  std::cout << ".\n";
  return kDone;
}

}  // namespace

std::function<int()> add_check(CLI::App& app) {
  auto args = std::make_shared<CheckArgs>();
  app.add_option("MODEL", args->model.path, "ONNX model")->required();
  add_plugin_option(app, args->model);
  add_shape_options(app, args->model);
  app.add_flag("--json", args->json, "print one JSON document");
  return [args] { return check(*args); };
}

}  // namespace bolide::cli
