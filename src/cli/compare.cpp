#include "cli/comparison.h"
#include "cli/inputs.h"
#include "cli/json_output.h"
#include "cli/model_options.h"
#include "cli/table.h"
#include "cli/test_data.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

namespace bolide::cli {
namespace {

struct CompareArgs {
  ModelOptions model;
  FillOptions fill;
  std::string data;
  double rtol = -1;
  double atol = -1;
  int quant_steps = 0;
  bool layers = false;
  bool json = false;
};

/// What one comparison found.
struct Verdict {
  std::vector<Difference> differences;
  bool holds() const {
    return std::all_of(differences.begin(), differences.end(), [](const Difference& d) { return d.holds; });
  }
};

/// What rounding may add up to, as a share of the largest value plus 1. Source: docs/cuda.md#precision.
double share_of(const std::string& precision, std::size_t steps) {
  const double rounding = precision == "bf16" ? 1.0 / 256 : precision == "fp16" || precision == "tf32" ? 1.0 / 2048 : 0;
  if (rounding == 0) return 1e-4;
  return 2 * rounding * std::sqrt(static_cast<double>(std::max<std::size_t>(steps, 64)));
}

Tolerance tolerance_of(const CompareArgs& args, const HostTensor& want, std::optional<double> step, std::size_t steps) {
  Tolerance tolerance;
  if (!args.data.empty()) {
    tolerance = {1e-3, 1e-7};  // the stock rule of the ONNX backend tests
  } else {
    tolerance = {0, share_of(args.model.precision, steps) * (largest_magnitude(want) + 1)};
  }
  if (args.rtol >= 0) tolerance.relative = args.rtol;
  if (args.atol >= 0) tolerance.absolute = args.atol;
  if (step) tolerance.absolute = std::max(tolerance.absolute, args.quant_steps * *step * 1.0001);
  return tolerance;
}

/// Outputs that depend on random numbers, which only their own generator gives again.
std::set<std::string> drawn_outputs(const Network& network) {
  std::set<std::string> drawn;
  for (const LayerInfo& layer : network.layer_list()) {
    bool random = layer.op == "RandomUniform" || layer.op == "RandomNormal" || layer.op == "Bernoulli" ||
                  layer.op == "Multinomial";
    for (const std::string& input : layer.inputs) random = random || drawn.contains(input);
    if (random) drawn.insert(layer.outputs.begin(), layer.outputs.end());
  }
  return drawn;
}

Result<Verdict> compare_with(const CompareArgs& args, const Engine& engine, const Network& network,
                             const NamedInputs& inputs, const NamedInputs& wanted) {
  auto results =
      infer(engine, std::map<std::string, HostTensor>(inputs.begin(), inputs.end()), args.model.time_limit_s);
  if (!results) return std::move(results).error();
  Verdict verdict;
  const auto facts = engine.facts();
  const auto steps = static_cast<std::size_t>(std::stoul(facts.at("steps")));
  const std::set<std::string> drawn = args.data.empty() ? std::set<std::string>() : drawn_outputs(network);
  for (const auto& [name, want] : wanted) {
    const auto got = results->find(name);
    if (got == results->end()) continue;
    if (drawn.contains(name)) {
      verdict.differences.push_back(difference_of_draws(name, got->second, want));
      continue;
    }
    verdict.differences.push_back(
        difference(name, got->second, want, tolerance_of(args, want, network.quantisation_step(name), steps)));
  }
  return verdict;
}

/// Reference and engine on the same random inputs; with --layers every value that both compute.
Result<Verdict> compare_random(const CompareArgs& args, const Engine& engine, const Network& network) {
  Result<InputShapes> shapes = run_shapes(args.model, engine);
  if (!shapes) return std::move(shapes).error();
  Result<NamedInputs> inputs = random_inputs(engine.inputs(), *shapes, args.fill);
  if (!inputs) return std::move(inputs).error();
  Result<std::vector<HostTensor>> reference = network.evaluate(*inputs, args.model.time_limit_s);
  if (!reference) return std::move(reference).within("reference").error();
  NamedInputs wanted;
  const std::vector<TensorInfo> outputs = network.outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) wanted.emplace_back(outputs[i].name, (*reference)[i]);
  return compare_with(args, engine, network, *inputs, wanted);
}

Result<Verdict> compare_data(const CompareArgs& args, const Engine& engine, const Network& network,
                             const std::vector<TestCase>& cases) {
  Verdict all;
  for (const TestCase& test : cases) {
    Result<Verdict> one = compare_with(args, engine, network, test.inputs, test.outputs);
    if (!one) return one;
    all.differences.insert(all.differences.end(), one->differences.begin(), one->differences.end());
  }
  return all;
}

int print(const CompareArgs& args, const Verdict& verdict) {
  const auto departs = std::find_if(verdict.differences.begin(), verdict.differences.end(),
                                    [](const Difference& d) { return !d.holds; });
  if (args.json) {
    nlohmann::json list = nlohmann::json::array();
    for (const Difference& d : verdict.differences) {
      list.push_back({{"name", d.name},
                      {"holds", d.holds},
                      {"max_abs_error", d.max_absolute},
                      {"max_rel_error", d.max_relative},
                      {"mismatches", d.mismatches},
                      {"elements", d.elements},
                      {"why", d.why}});
    }
    print_json(nlohmann::json{{"holds", verdict.holds()}, {"outputs", list}, {"seed", args.fill.seed}});
  } else {
    Table table({"value", "elements", "max |error|", "max relative", "beyond tolerance", "verdict"});
    for (const Difference& d : verdict.differences) {
      if (args.layers && d.holds && verdict.differences.size() > 40) continue;
      table.row({d.name, std::to_string(d.elements), scientific(d.max_absolute), scientific(d.max_relative),
                 std::to_string(d.mismatches),
                 d.holds         ? "equal"
                 : d.why.empty() ? "DIFFERS"
                                 : "DIFFERS: " + d.why});
    }
    table.print(std::cout);
    if (args.data.empty()) std::cout << "random inputs, seed " << args.fill.seed << '\n';
  }
  if (departs == verdict.differences.end()) return verdict.differences.empty() ? kFailed : kDone;
  std::cerr << "bolide: '" << departs->name << "' " << (args.layers ? "is the first value that departs: " : "differs: ")
            << departs->mismatches << " of " << departs->elements << " elements beyond tolerance, largest error "
            << scientific(departs->max_absolute) << (departs->why.empty() ? "" : " (" + departs->why + ")")
            << (args.layers ? "" : "; --layers names the first layer that departs") << '\n';
  return kFailed;
}

int compare(const CompareArgs& args) {
  if (is_engine_file(args.model.path)) return usage_error("compare takes a model: it needs the network as written");
  if (args.layers && !args.data.empty()) return usage_error("--layers compares with the reference; leave out --data");
  for (const std::string& shapes : args.model.shapes) {
    if (auto parsed = parse_shapes(shapes); !parsed) return usage_error(parsed.error().message);
  }
  ModelOptions options = args.model;
  if (!args.data.empty()) {
    options.rank_of = [&args](std::size_t index, std::string_view) { return rank_in_data(args.data, index); };
  }
  Result<Network> network = read_network(options);
  if (!network) return report(network.error());
  if (args.layers) {
    options.mark_outputs = {"all"};
    for (const LayerInfo& layer : network->layer_list()) {
      for (const std::string& output : layer.outputs) {
        if (output.empty()) continue;
        if (Status marked = network->mark_output(output); !marked) return report(marked.error());
      }
    }
  }
  std::vector<TestCase> cases;
  InputShapes sizes;  // of the first case: the file's named sizes may not fit when they are 1
  if (options.precision == "fp16") options.data = args.data;
  if (!args.data.empty()) {
    Result<std::vector<TestCase>> read = read_test_data(args.data, network->inputs(), network->outputs());
    if (!read) return report(read.error());
    cases = *std::move(read);
    for (const auto& [input, tensor] : cases.front().inputs) sizes.emplace_back(input, tensor.dims());
  }
  Result<Engine> engine = open_engine(options, false, sizes);
  if (!engine) return report(engine.error());
  Result<Verdict> verdict =
      args.data.empty() ? compare_random(args, *engine, *network) : compare_data(args, *engine, *network, cases);
  if (!verdict) return report(verdict.error());
  return print(args, *verdict);
}

}  // namespace

std::function<int()> add_compare(CLI::App& app) {
  auto args = std::make_shared<CompareArgs>();
  args->model.time_limit_s = 600;  // the reference is slow, and a file may hold a loop without end
  app.add_option("MODEL", args->model.path, "ONNX model")->required();
  add_plugin_option(app, args->model);
  app.add_option("--data", args->data, "folder with input_N.pb and output_N.pb, or one that holds test_data_set_*");
  app.add_option("--rtol", args->rtol, "relative tolerance; default 1e-3 with --data, else 0")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--atol", args->atol,
                 "absolute tolerance; default 1e-7 with --data, else 1e-4 of the largest value plus 1")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--quant-steps", args->quant_steps, "quantisation steps of its own scale that an output may be off")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_flag("--layers", args->layers, "compare every value and name the first that departs");
  add_shape_options(app, args->model);
  add_run_options(app, args->model);
  add_time_limit_option(app, args->model);
  add_fill_options(app, args->fill);
  app.add_option("--skip-pass", args->model.skip_passes, "leave out a pass by name");
  app.add_option("--forbid-tactic", args->model.forbid_tactics, "tactics not to use; * for any characters");
  app.add_flag("--json", args->json, "print one JSON document");
  return [args] { return compare(*args); };
}

}  // namespace bolide::cli
