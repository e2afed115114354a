#include "run_case.h"

#include "backend/cpu/cpu_backend.h"
#include "compile/compile.h"
#include "import/onnx/importer.h"
#include "import/onnx/value_data.h"
#include "runtime/context.h"
#include "runtime/load.h"
#include "runtime/reference.h"
#include "same_values.h"

#include <algorithm>

namespace bolide::conformance {
namespace {

namespace fs = std::filesystem;

struct DataSet {
  Tensors inputs;
  Tensors outputs;
};

Result<Tensors> read_files(const fs::path& folder, std::string_view kind, const Graph& graph,
                           std::span<const ValueId> values) {
  Tensors out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const fs::path path = folder / strings::join(kind, "_", i, ".pb");
    if (!fs::exists(path)) break;
    TRY(const auto file, MappedFile::open(path));
    TRY(Tensor tensor, onnx::read_value(file, graph.value(values[i]).type).within(path.filename().string()));
    out.push_back(std::move(tensor));
  }
  return out;
}

Result<std::vector<DataSet>> read_data(const fs::path& folder, const Graph& graph) {
  std::vector<DataSet> sets;
  for (int index = 0;; ++index) {
    const fs::path data = folder / strings::join("test_data_set_", index);
    if (!fs::exists(data)) return sets;
    DataSet& set = sets.emplace_back();
    TRY(set.inputs, read_files(data, "input", graph, graph.inputs()));
    TRY(set.outputs, read_files(data, "output", graph, graph.outputs()));
    if (set.inputs.size() != graph.inputs().size()) {
      return bad_file(data.filename().string(), ": ", set.inputs.size(), " inputs, the model takes ",
                      graph.inputs().size());
    }
  }
}

std::string judge(const Case& test, const Tensors& got, const Tensors& want) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool random = test.name.find("bernoulli") != std::string::npos;
    const std::string why = random ? statistical_difference(got[i], want[i]) : difference(got[i], want[i]);
    if (!why.empty()) return strings::join("output ", i, ": ", why);
  }
  return {};
}

Status run_reference_mode(const Case& test, const Graph& graph, std::span<const DataSet> sets) {
  TRY_OK(verify(graph).within("verify"));
  TRY(const auto steps, lower(graph));
  for (const DataSet& set : sets) {
    TRY(const Tensors got, run_reference(*steps, set.inputs));
    const std::string why = judge(test, got, set.outputs);
    if (!why.empty()) return invalid_argument(why);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const TensorType& inferred = graph.value(graph.outputs()[i]).type;
      if (!compatible(inferred, got[i].type())) {
        return internal_error("output ", i, " is inferred as ", inferred, " and is ", got[i].type());
      }
    }
  }
  return ok();
}

/// The outputs of a run, in memory of their own where they are no objects.
Result<Tensors> outputs_of(const ContextCore& context) {
  const StepGraph& graph = context.engine().graph();
  Tensors out;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const auto index = static_cast<int>(i);
    const DataType dtype = graph.values[static_cast<std::size_t>(graph.outputs[i])].type.dtype;
    const void* data = context.output_data(index);
    if (is_container(dtype)) {
      out.push_back(*static_cast<const Tensor*>(data));
      continue;
    }
    TRY(Dims dims, context.result_dims(index));
    out.push_back(Tensor::borrow(dtype, std::move(dims), data, nullptr));
  }
  return out;
}

Status run_engine_mode(const Case& test, Graph graph, std::span<const DataSet> sets) {
  const auto backend = std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, 1));
  TRY(const Compiled compiled,
      compile(std::move(graph), backend, {.effort = 0, .verify_passes = true}).within("compile"));
  TRY(const auto bytes, engine_bytes(to_file(*compiled.engine)).within("engine file"));
  TRY(const EngineFile file, read_engine(bytes, nullptr).within("engine file"));
  TRY(const auto engine, load_engine(file, backend).within("engine file"));
  ContextCore context(engine);
  for (const DataSet& set : sets) {
    for (std::size_t i = 0; i < set.inputs.size(); ++i) {
      const Tensor& input = set.inputs[i];
      const void* data = is_container(input.dtype()) ? static_cast<const void*>(&input) : input.data();
      TRY_OK(context.set_input(static_cast<int>(i), input.dtype(), input.dims(), data));
    }
    TRY_OK(context.run());
    TRY(const Tensors got, outputs_of(context));
    const std::string why = judge(test, got, set.outputs);
    if (!why.empty()) return invalid_argument(why);
  }
  return ok();
}

std::string message_of(const Status& status) {
  if (status) return {};
  std::string out = status.error().message;
  std::ranges::replace(out, '\n', ' ');
  return out;
}

}  // namespace

Outcome run_case(const Case& test, const Modes& modes) {
  Result<Graph> graph = import_onnx(test.folder / "model.onnx");
  if (!graph) {
    std::string why = graph.error().message;
    // The first line is a summary with the path.
    if (const std::size_t line = why.find('\n'); line != std::string::npos) why.erase(0, line + 1);
    const std::string message = message_of(Status(Error{Code::kUnsupported, "import: " + why}));
    return {modes.reference ? message : "", modes.engine ? message : ""};
  }
  Result<std::vector<DataSet>> sets = read_data(test.folder, *graph);
  if (!sets) {
    const std::string message = "data: " + sets.error().message;
    return {modes.reference ? message : "", modes.engine ? message : ""};
  }
  Outcome outcome;
  if (modes.reference) outcome.reference = message_of(run_reference_mode(test, *graph, *sets));
  if (modes.engine) outcome.engine = message_of(run_engine_mode(test, *std::move(graph), *sets));
  return outcome;
}

}  // namespace bolide::conformance
