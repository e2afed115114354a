#include <bolide/bolide.h>
#include <bolide/io.h>

#include "api/engine_state.h"
#include "api/network_state.h"
#include "base/environment.h"
#include "import/onnx/importer.h"
#include "runtime/load.h"

#include <algorithm>

namespace bolide {
namespace {

std::string_view precision_name(Precision precision) {
  switch (precision) {
    case Precision::kBest: return "best";
    case Precision::kFp32: return "fp32";
    case Precision::kTf32: return "tf32";
    case Precision::kBf16: return "bf16";
    case Precision::kFp16: return "fp16";
    case Precision::kInt8: return "int8";
  }
  return "best";
}

/// What the engine computes in, for reports; or why it cannot.
Result<std::string> resolve_precision(const Graph& graph, Precision precision, bool cuda) {
  const bool quantised = is_quantised(graph);
  switch (precision) {
    case Precision::kBest: return std::string(quantised ? "int8" : "fp32");
    case Precision::kFp32: return std::string("fp32");
    case Precision::kInt8:
      if (!quantised) {
        return unsupported(
            "int8 needs a quantised model (Q/DQ or quantised operators), this one has none; calibrate it first");
      }
      return std::string("int8");
    default:
      if (cuda) return std::string(precision_name(precision));  // Q/DQ in float with its rounding
      return unsupported("the CPU backend computes in fp32 and int8; ", precision_name(precision),
                         " is there on an NVIDIA GPU (--device cuda) and in plans for one (build --target sm_90)");
  }
}

/// The samples in the order of the graph's inputs.
Result<std::vector<Tensors>> samples_of(const Graph& graph, const BuilderConfig& config) {
  std::vector<Tensors> out;
  for (const auto& sample : config.samples) {
    Tensors tensors;
    for (const ValueId id : graph.inputs()) {
      const std::string& wanted = graph.value(id).name;
      const auto found = std::ranges::find_if(sample, [&](const auto& given) { return given.first == wanted; });
      if (found == sample.end()) return invalid_argument("a sample lacks input '", wanted, "'");
      TRY(Tensor tensor, to_internal(found->second));
      tensors.push_back(std::move(tensor));
    }
    out.push_back(std::move(tensors));
  }
  return out;
}

std::string names_of(const std::vector<PrecisionReport::Kept>& kept) {
  std::string out;
  for (const PrecisionReport::Kept& one : kept) out += strings::join(out.empty() ? "" : ", ", one.step);
  return out;
}

}  // namespace

namespace {

/// What both kinds of build are told alike.
CompileOptions tuning_options(const BuilderConfig& config) {
  CompileOptions options{.effort = config.effort,
                         .time_budget_s = config.time_budget_s,
                         .rules = {config.forbid_tactics, config.force_tactics}};
  options.shapes = config.shapes;
  if (config.use_timing_cache) {
    options.timing_cache = config.timing_cache;
    const auto folder = environment::cache_folder();
    if (options.timing_cache.empty() && folder) options.timing_cache = *folder / "timings";
  }
  if (config.progress != nullptr) {
    options.progress = [monitor = config.progress](std::string_view phase, std::int64_t done, std::int64_t total,
                                                   double left) { return monitor->progress(phase, done, total, left); };
  }
  return options;
}

/// By the names of inputs, the sizes that a file has choices for.
std::vector<InputShapes> tuned_shapes(const EngineFile& file) {
  const StepGraph& graph = *file.graph;
  std::vector<InputShapes> out;
  for (const DeviceVariant& device : file.variants) {
    for (const StoredVariant& variant : device.shapes) {
      InputShapes shapes;
      for (std::size_t i = 0; i < variant.inputs.size() && i < graph.inputs.size(); ++i) {
        shapes.emplace_back(graph.values[static_cast<std::size_t>(graph.inputs[i])].name, variant.inputs[i]);
      }
      if (std::find(out.begin(), out.end(), shapes) == out.end()) out.push_back(std::move(shapes));
    }
  }
  return out;
}

}  // namespace

Result<Engine> Builder::tune(const Engine& engine, const BuilderConfig& config) const {
  const Engine::State& from = engine.state();
  TRY(auto backend, make_backend(config.device, config.threads, from.precision == "tf32"));
  const EngineFile file = file_of(from);
  CompileOptions options = tuning_options(config);
  if (options.shapes.empty()) options.shapes = tuned_shapes(file);
  if (options.shapes.empty()) options.shapes.emplace_back();
  auto state = std::make_shared<Engine::State>();
  state->source = from.source;
  state->precision = from.precision;
  state->kept_fp32 = from.kept_fp32;
  state->model = from.model;
  state->stored = variants_for_others(file, *backend);
  TRY(Compiled compiled, tune_for(from.core->shared_graph(), std::move(backend), options));
  state->core = std::move(compiled.engine);
  state->report = std::move(compiled.report);
  return Engine(std::move(state));
}

Result<Engine> Builder::build(Network network, const BuilderConfig& config) const {
  TRY_OK(network.status());
  Graph& graph = network.state().graph;
  if (graph.outputs().empty())
    return invalid_argument(
        "the network has no output; mark one (Network::output, Network::mark_output, or --outputs NAME)");
  const bool tf32 = config.precision == Precision::kTf32;
  TRY(auto backend, make_backend(config.device, config.threads, tf32));
  auto state = std::make_shared<Engine::State>();
  TRY(state->precision, resolve_precision(graph, config.precision, backend->name() == "cuda"));
  state->source = graph.info.source;
  CompileOptions options = tuning_options(config);
  if (state->precision == "fp16") options.storage = DataType::kF16;
  if (state->precision == "bf16") options.storage = DataType::kBF16;
  options.integers = state->precision == "int8";
  options.skip_passes = config.skip_passes;
  options.mark_outputs = config.mark_outputs;
  options.outputs = config.outputs;
  options.verify_passes = config.verify_passes;
  options.dump_folder = config.dump_passes;
  options.keep_f32 = config.keep_fp32;
  TRY(options.samples, samples_of(graph, config));
  if (!config.keep_fp32.empty() && options.storage == DataType::kF32) {
    return invalid_argument("layers to keep in FP32 go with --precision fp16 or bf16; this build computes in ",
                            state->precision);
  }
  if (options.shapes.empty()) options.shapes.emplace_back();
  TRY(Compiled compiled, bolide::compile(std::move(graph), std::move(backend), options));
  state->core = std::move(compiled.engine);
  state->kept_fp32 = names_of(compiled.report.precision.kept);
  state->report = std::move(compiled.report);
  return Engine(std::move(state));
}

namespace {

ImportOptions import_options(const OnnxParser::Options& options) {
  return {.shapes = {options.shapes.begin(), options.shapes.end()},
          .dynamic_batch = options.dynamic_batch,
          .rank_of = options.rank_of};
}

FileReport to_report(ImportReport from) {
  FileReport out{
      .source = std::move(from.source), .doc = std::move(from.doc), .nodes = {}, .problems = std::move(from.problems)};
  for (ImportReport::Node& node : from.nodes) {
    out.nodes.push_back({.place = std::move(node.place),
                         .name = std::move(node.name),
                         .op = std::move(node.op_type),
                         .domain = std::move(node.domain),
                         .version = node.version,
                         .outcome = static_cast<FileNode::Outcome>(node.outcome),
                         .problems = std::move(node.problems)});
  }
  return out;
}

}  // namespace

Result<Network> OnnxParser::parse_file(const std::filesystem::path& path, const Options& options, FileReport* report) {
  Network network;
  ImportReport read;
  Result<Graph> graph = import_onnx(path, import_options(options), &read);
  if (report != nullptr) *report = to_report(std::move(read));
  TRY(network.state().graph, std::move(graph));
  const auto outputs = network.state().graph.outputs();
  network.state().outputs.assign(outputs.begin(), outputs.end());
  return network;
}

Result<Network> OnnxParser::parse_bytes(std::span<const std::byte> bytes, const Options& options) {
  auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  Network network;
  TRY(network.state().graph, import_onnx(*copy, copy, import_options(options)));
  const auto outputs = network.state().graph.outputs();
  network.state().outputs.assign(outputs.begin(), outputs.end());
  return network;
}

Result<Engine> compile(const std::filesystem::path& model, const BuilderConfig& config) {
  TRY(Network network, OnnxParser::parse_file(model));
  return Builder().build(std::move(network), config);
}

Result<Engine> load(const std::filesystem::path& engine) { return Runtime().load(engine); }

Result<std::map<std::string, HostTensor>> infer(const Engine& engine, const std::map<std::string, HostTensor>& inputs,
                                                double seconds) {
  TRY(ExecutionContext context, engine.make_context());
  context.set_time_limit(seconds);
  for (const auto& [name, tensor] : inputs) TRY_OK(context.set_input(name, tensor));
  TRY_OK(context.run());
  std::map<std::string, HostTensor> results;
  for (const TensorInfo& info : engine.outputs()) {
    TRY(const HostTensor inside, context.output(info.name));
    // The context ends here; its memory does, too.
    TRY(const Tensor copy, to_internal(inside));
    results.emplace(info.name, HostTensor::Access::share(copy));
  }
  return results;
}

std::string_view version() { return BOLIDE_VERSION; }

}  // namespace bolide
