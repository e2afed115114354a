#include "cli/json_output.h"
#include "cli/model_options.h"
#include "cli/node_check.h"
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

nlohmann::json to_json(const std::vector<NodeCheck>& nodes) {
  nlohmann::json list = nlohmann::json::array();
  for (const NodeCheck& node : nodes) {
    list.push_back({{"place", node.file.place},
                    {"name", node.file.name},
                    {"op", node.file.op},
                    {"domain", node.file.domain.empty() ? "ai.onnx" : node.file.domain},
                    {"version", node.file.version},
                    {"how", node.how},
                    {"tactics", node.tactics},
                    {"problems", node.file.problems}});
  }
  return list;
}

/// What stops the model; with --json also what would run of it.
int refuse(const CheckArgs& args, const FileReport& file, const Error& error) {
  if (args.json) {
    std::vector<std::string> problems = file.problems;
    const bool at_import = std::ranges::any_of(file.nodes, [](const FileNode& n) { return !n.problems.empty(); });
    if (!at_import && problems.empty()) problems.push_back(error.message);
    print_json(nlohmann::json{{"model", args.model.path},
                              {"source", file.source},
                              {"doc", file.doc},
                              {"runs", false},
                              {"problems", problems},
                              {"nodes", to_json(check_nodes(file, nullptr))}});
  }
  return report(error);
}

int check(const CheckArgs& args) {
  if (is_engine_file(args.model.path)) {
    return usage_error(args.model.path + " is an engine file, not a model; `bolide inspect` shows it");
  }
  FileReport file;
  Result<Network> network = read_network(args.model, &file);
  if (!network) return refuse(args, file, network.error());
  ModelOptions options = args.model;
  options.precision = "best";
  std::map<std::string, int> operators;
  for (const LayerInfo& layer : network->layer_list()) ++operators[layer.op];
  const auto inputs = network->inputs();
  const auto outputs = network->outputs();
  Result<Engine> engine = open_engine(options, false);
  if (!engine) return refuse(args, file, engine.error());
  Result<InputShapes> shapes = run_shapes(options, *engine);
  if (!shapes) return refuse(args, file, shapes.error());
  Result<PlanInfo> plan = engine->plan(*shapes);
  if (!plan) return refuse(args, file, plan.error());
  const std::vector<NodeCheck> nodes = check_nodes(file, &*plan);
  if (args.json) {
    print_json(nlohmann::json{{"model", args.model.path},
                              {"source", file.source},
                              {"doc", file.doc},
                              {"inputs", to_json(inputs)},
                              {"outputs", to_json(outputs)},
                              {"operators", operators},
                              {"runs", true},
                              {"problems", nlohmann::json::array()},
                              {"nodes", to_json(nodes)},
                              {"plan_steps", plan->steps.size()},
                              {"reference_steps", plan->reference_steps}});
    return kDone;
  }
  std::cout << args.model.path << "\n  " << file.source << '\n';
  if (!file.doc.empty()) std::cout << "  " << file.doc << '\n';
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
  print_slow_nodes(nodes);
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
