#include "cli/json_output.h"
#include "cli/model_options.h"
#include "cli/table.h"

#include <nlohmann/json.hpp>

#include <array>
#include <iostream>

namespace bolide::cli {
namespace {

struct InspectArgs {
  ModelOptions model;
  bool json = false;
  bool dot = false;
  bool text = false;
  bool compile = false;
};

std::string joined(const std::vector<std::string>& parts, const char* separator = " ") {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : separator) + part;
  return out;
}

int inspect_model(const InspectArgs& args) {
  Result<Network> network = read_network(args.model);
  if (!network) return report(network.error());
  if (args.dot || args.text) {
    std::cout << (args.dot ? network->dot() : network->text());
    return kDone;
  }
  const auto shape_of = [&](const std::string& value) {
    if (value.empty()) return std::string("_");
    const Result<TensorRef> ref = network->find(value);
    const TensorInfo info = ref ? network->info(*ref) : TensorInfo{};
    return value + " " + std::string(name(info.dtype)) + info.shape;
  };
  nlohmann::json layers = nlohmann::json::array();
  Table table({"node", "operator", "attributes", "inputs", "outputs"});
  for (const LayerInfo& layer : network->layer_list()) {
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    for (const std::string& value : layer.inputs) inputs.push_back(shape_of(value));
    for (const std::string& value : layer.outputs) outputs.push_back(shape_of(value));
    table.row({layer.name, layer.op, layer.attributes, joined(inputs, ", "), joined(outputs, ", ")});
    layers.push_back({{"name", layer.name},
                      {"op", layer.op},
                      {"attributes", layer.attributes},
                      {"inputs", inputs},
                      {"outputs", outputs}});
  }
  if (args.json) {
    print_json(nlohmann::json{{"model", args.model.path}, {"source", network->source()}, {"nodes", layers}});
    return kDone;
  }
  std::cout << network->source() << "\n\n";
  table.print(std::cout);
  return kDone;
}

std::string size_text(const std::array<unsigned, 3>& size) {
  std::string out = std::to_string(size[0]);
  if (size[1] > 1 || size[2] > 1) out += "x" + std::to_string(size[1]);
  if (size[2] > 1) out += "x" + std::to_string(size[2]);
  return out;
}

nlohmann::json kernels_json(const StepInfo& step) {
  const auto known = [](int value) { return value < 0 ? nlohmann::json() : nlohmann::json(value); };
  nlohmann::json kernels = nlohmann::json::array();
  for (const KernelInfo& kernel : step.kernels) {
    const auto seen = [&](const auto& value) { return kernel.library ? nlohmann::json() : nlohmann::json(value); };
    kernels.push_back({{"name", kernel.name},
                       {"library", kernel.library},
                       {"grid", seen(kernel.grid)},
                       {"block", seen(kernel.block)},
                       {"cluster", kernel.cluster[0] == 0 ? nlohmann::json() : nlohmann::json(kernel.cluster)},
                       {"shared_bytes", seen(kernel.shared_bytes)},
                       {"registers", known(kernel.registers)},
                       {"local_bytes", known(kernel.local_bytes)},
                       {"overlaps", kernel.overlaps}});
  }
  return kernels;
}

nlohmann::json memory_json(const PlanInfo& plan) {
  nlohmann::json memory = nlohmann::json::array();
  for (const BufferInfo& buffer : plan.memory) {
    memory.push_back({{"kind", buffer.kind},
                      {"values", buffer.values},
                      {"offset_bytes", buffer.offset},
                      {"bytes", buffer.bytes},
                      {"first_step", buffer.first},
                      {"last_step", buffer.last}});
  }
  return memory;
}

void print_kernels(const PlanInfo& plan) {
  Table table({"step", "stream", "kernel", "grid", "block", "cluster", "shared", "registers", "local"});
  bool unknown = false;
  for (const StepInfo& step : plan.steps) {
    for (const KernelInfo& kernel : step.kernels) {
      const bool ours = !kernel.library && kernel.name != "copy" && kernel.name != "fill";
      const bool compiled = kernel.registers >= 0;
      unknown = unknown || (ours && !compiled);
      table.row({step.name, std::to_string(step.stream), kernel.name, ours ? size_text(kernel.grid) : "-",
                 ours ? size_text(kernel.block) : "-", kernel.cluster[0] == 0 ? "-" : size_text(kernel.cluster),
                 ours ? std::to_string(kernel.shared_bytes) : "-", compiled ? std::to_string(kernel.registers) : "-",
                 compiled ? std::to_string(kernel.local_bytes) : "-"});
    }
  }
  std::cout << "\nkernels\n";
  table.print(std::cout);
  if (unknown) std::cout << "registers and local memory of what is not compiled yet: --compile\n";
}

void print_memory(const PlanInfo& plan) {
  Table table({"memory", "offset", "bytes", "live in steps", "values"});
  for (const BufferInfo& buffer : plan.memory) {
    if (buffer.kind == "weights") continue;
    const bool in_arena = buffer.kind == "arena" || buffer.kind == "host arena";
    table.row({buffer.kind, in_arena ? std::to_string(buffer.offset) : "-", std::to_string(buffer.bytes),
               std::to_string(buffer.first) + ".." + std::to_string(buffer.last), joined(buffer.values)});
  }
  std::cout << "\nmemory\n";
  table.print(std::cout);
}

int inspect_engine(const InspectArgs& args) {
  if (args.dot || args.text) return usage_error("--dot and --text show models; an engine shows its plan");
  Result<Engine> engine = open_engine(args.model, false);
  if (!engine) return report(engine.error());
  Result<InputShapes> shapes = run_shapes(args.model, *engine);
  if (!shapes) return report(shapes.error());
  Result<PlanInfo> plan = engine->plan(*shapes, args.compile);
  if (!plan) return report(plan.error());
  nlohmann::json steps = nlohmann::json::array();
  Table table({"step", "operator", "tactic", "us", "bytes", "outputs", "members"});
  for (const StepInfo& step : plan->steps) {
    table.row({step.name, step.op, step.tactic, number(step.microseconds, 1) + (step.measured ? "" : " est"),
               human_bytes(static_cast<double>(step.bytes)), joined(step.outputs, ", "), joined(step.members)});
    steps.push_back({{"name", step.name},
                     {"op", step.op},
                     {"tactic", step.tactic},
                     {"us", step.microseconds},
                     {"measured", step.measured},
                     {"bytes", step.bytes},
                     {"inputs", step.inputs},
                     {"outputs", step.outputs},
                     {"members", step.members},
                     {"reference", step.reference},
                     {"copy", step.copy},
                     {"dtype", name(step.dtype)},
                     {"on_host", step.on_host},
                     {"stream", step.stream},
                     {"kernels", kernels_json(step)}});
  }
  if (args.json) {
    print_json(nlohmann::json{{"engine", args.model.path},
                              {"facts", engine->facts()},
                              {"steps", steps},
                              {"arena_mib", static_cast<double>(plan->arena_bytes) / (1 << 20)},
                              {"arena_lower_bound_mib", static_cast<double>(plan->arena_lower_bound) / (1 << 20)},
                              {"weights_mib", static_cast<double>(plan->weight_bytes) / (1 << 20)},
                              {"reference_steps", plan->reference_steps},
                              {"host_steps", plan->host_steps},
                              {"kernels", plan->kernels},
                              {"streams", plan->streams},
                              {"memory", memory_json(*plan)},
                              {"copies", plan->copies}});
    return kDone;
  }
  for (const auto& [key, value] : engine->facts()) std::cout << key << "  " << value << '\n';
  std::cout << "weights " << human_bytes(static_cast<double>(plan->weight_bytes)) << ", arena "
            << human_bytes(static_cast<double>(plan->arena_bytes)) << " (lower bound "
            << human_bytes(static_cast<double>(plan->arena_lower_bound)) << "), " << plan->steps.size() << " steps, "
            << plan->copies << " copies, " << plan->reference_steps << " by the reference\n";
  if (plan->kernels > 0) {
    std::cout << plan->kernels << " kernels on " << plan->streams << (plan->streams == 1 ? " stream\n" : " streams\n");
  }
  std::cout << '\n';
  table.print(std::cout);
  if (plan->kernels > 0) print_kernels(*plan);
  print_memory(*plan);
  return kDone;
}

}  // namespace

std::function<int()> add_inspect(CLI::App& app) {
  auto args = std::make_shared<InspectArgs>();
  add_model_path(app, args->model, "MODEL|ENGINE");
  add_shape_options(app, args->model);
  add_run_options(app, args->model);
  add_target_option(app, args->model);
  app.add_flag("--json", args->json, "print one JSON document");
  app.add_flag("--compile", args->compile,
               "of an engine for an NVIDIA GPU: compile all kernels, so that their registers are known");
  app.add_flag("--dot", args->dot, "print the model for Graphviz, edges labelled with sizes");
  app.add_flag("--text", args->text, "print the model as text");
  return [args] { return is_engine_file(args->model.path) ? inspect_engine(*args) : inspect_model(*args); };
}

}  // namespace bolide::cli
