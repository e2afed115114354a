#include "cli/inputs.h"
#include "cli/json_output.h"
#include "cli/model_options.h"
#include "cli/npy.h"
#include "cli/table.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <numeric>

namespace bolide::cli {
namespace {

struct RunArgs {
  ModelOptions model;
  FillOptions fill;
  ImageOptions images;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string labels;
  int top = 5;
  bool json = false;
};

Result<std::vector<std::string>> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  if (path.empty()) return labels;
  std::ifstream file(path);
  if (!file) return Error{Code::kNotFound, "labels file " + path + " cannot be opened"};
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  return labels;
}

struct Best {
  std::int64_t index;
  double value;
};

/// The largest numbers of a [1,n] or [n] tensor, largest first.
std::vector<Best> top_k(const HostTensor& tensor, int k) {
  Result<HostTensor> numbers = tensor.converted(DataType::kF64);
  if (!numbers) return {};
  const std::span<const double> values = numbers->values<double>();
  std::vector<std::int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  const std::size_t count = std::min(order.size(), static_cast<std::size_t>(k));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](auto a, auto b) {
                      const double x = values[static_cast<std::size_t>(a)];
                      const double y = values[static_cast<std::size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  std::vector<Best> best;
  for (std::size_t i = 0; i < count; ++i) best.push_back({order[i], values[static_cast<std::size_t>(order[i])]});
  return best;
}

Status write_output(const std::string& path, const std::string& name, const HostTensor& tensor) {
  if (std::filesystem::path(path).extension() == ".pb") return write_tensor_proto(path, {name, tensor});
  return write_npy(path, tensor);
}

/// Prints a value, and returns it as JSON; of sequences, optionals and maps every item.
nlohmann::json show(const RunArgs& args, const std::vector<std::string>& labels, const std::string& name,
                    const HostTensor& tensor) {
  nlohmann::json document = {{"name", name}, {"dtype", bolide::name(tensor.dtype())}, {"dims", tensor.dims()}};
  std::string dims;
  for (const std::int64_t size : tensor.dims()) dims += (dims.empty() ? "" : "x") + std::to_string(size);
  if (!args.json) std::cout << name << "  " << bolide::name(tensor.dtype()) << "  " << dims << '\n';
  if (is_container(tensor.dtype())) {
    nlohmann::json items = nlohmann::json::array();
    for (const HostTensor& item : tensor.items()) {
      items.push_back(show(args, labels, name + "[" + std::to_string(items.size()) + "]", item));
    }
    document["items"] = items;
    return document;
  }
  nlohmann::json top = nlohmann::json::array();
  for (const Best& b : top_k(tensor, args.top)) {
    const bool labelled = static_cast<std::size_t>(b.index) < labels.size();
    const std::string label = labelled ? labels[static_cast<std::size_t>(b.index)] : std::string();
    top.push_back({{"index", b.index}, {"value", b.value}, {"label", label}});
    if (!args.json)
      std::cout << "  " << b.index << "  " << number(b.value, 6) << (labelled ? "  " + label : "") << '\n';
  }
  document["top"] = top;
  return document;
}

/// The rank of the file given for an input.
std::optional<int> rank_of_file(const RunArgs& args, std::string_view name) {
  for (const std::string& assignment : args.inputs) {
    const std::size_t equals = assignment.rfind('=');
    if (equals == std::string::npos || std::string_view(assignment).substr(0, equals) != name) continue;
    const std::filesystem::path path = assignment.substr(equals + 1);
    const std::string kind = path.extension().string();
    if (kind == ".pb") {
      const Result<NamedTensor> tensor = read_tensor_proto(path);
      return tensor ? std::optional(static_cast<int>(tensor->tensor.dims().size())) : std::nullopt;
    }
    const Result<HostTensor> tensor = kind == ".npz" ? read_npz(path, std::string(name)) : read_npy(path);
    return tensor ? std::optional(static_cast<int>(tensor->dims().size())) : std::nullopt;
  }
  return std::nullopt;
}

/// Further runs with --trace.
Status trace_runs(const RunArgs& args, const Engine& engine, const NamedInputs& inputs) {
  if (args.model.trace_file.empty()) return {};
  Result<ExecutionContext> context = engine.make_context();
  if (!context) return std::move(context).error();
  InputShapes shapes;
  for (const auto& [input, tensor] : inputs) {
    if (Status set = context->set_input(input, tensor); !set) return set;
    shapes.emplace_back(input, tensor.dims());
  }
  return write_trace(args.model, engine, *context, shapes);
}

int run(const RunArgs& args) {
  ModelOptions options = args.model;
  options.rank_of = [&args](std::size_t, std::string_view name) { return rank_of_file(args, name); };
  Result<Engine> engine = open_engine(options, false);
  if (!engine) return report(engine.error());
  Result<NamedInputs> given = read_inputs(args.inputs, engine->inputs(), args.images);
  if (!given) return report(given.error());
  Result<NamedInputs> inputs = complete_inputs(*std::move(given), *engine, args.model, args.fill);
  if (!inputs) return report(inputs.error());
  for (const auto& [input, tensor] : *inputs) {
    const bool drawn = std::none_of(args.inputs.begin(), args.inputs.end(),
                                    [&n = input](const std::string& text) { return text.rfind(n + "=", 0) == 0; });
    if (drawn) std::cerr << "bolide: input '" << input << "' is random (seed " << args.fill.seed << ")\n";
  }
  Result<std::vector<std::string>> labels = read_labels(args.labels);
  if (!labels) return report(labels.error());
  Result<std::map<std::string, HostTensor>> results =
      infer(*engine, std::map<std::string, HostTensor>(inputs->begin(), inputs->end()), args.model.time_limit_s);
  if (!results) return report(results.error());
  for (const std::string& assignment : args.outputs) {
    const std::size_t equals = assignment.rfind('=');
    const auto found = equals == std::string::npos ? results->end() : results->find(assignment.substr(0, equals));
    if (found == results->end()) return usage_error("--output " + assignment + " is not NAME=FILE with NAME an output");
    if (Status wrote = write_output(assignment.substr(equals + 1), found->first, found->second); !wrote)
      return report(wrote.error());
  }
  nlohmann::json document = nlohmann::json::array();
  for (const TensorInfo& info : engine->outputs()) {
    document.push_back(show(args, *labels, info.name, results->at(info.name)));
  }
  if (args.json) print_json(nlohmann::json{{"outputs", document}});
  if (Status traced = trace_runs(args, *engine, *inputs); !traced) return report(traced.error());
  return kDone;
}

}  // namespace

std::function<int()> add_run(CLI::App& app) {
  auto args = std::make_shared<RunArgs>();
  add_model_path(app, args->model, "MODEL|ENGINE");
  add_input_options(app, args->inputs, args->images);
  app.add_option("--output,-o", args->outputs, "NAME=FILE: write an output as .npy or .pb")->check(is_assignment);
  app.add_option("--labels", args->labels, "text file with one label a line");
  app.add_option("--top", args->top, "largest values to print of each output")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  add_shape_options(app, args->model);
  add_run_options(app, args->model);
  add_trace_option(app, args->model);
  add_time_limit_option(app, args->model);
  add_fill_options(app, args->fill);
  app.add_flag("--json", args->json, "print one JSON document");
  return [args] { return run(*args); };
}

}  // namespace bolide::cli
