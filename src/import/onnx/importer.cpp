#include "import/onnx/importer.h"

#include "base/log.h"
#include "import/onnx/dynamic_batch.h"
#include "import/onnx/graph_importer.h"
#include "import/onnx/input_types.h"
#include "import/onnx/reader.h"
#include "import/onnx/topology.h"

namespace bolide {
namespace onnx {
namespace {

constexpr std::int64_t kNewestIrVersion = 14;

std::string source_text(const OnnxModel& model) {
  std::string out = strings::join("ONNX IR ", model.ir_version, ", opset ");
  bool first = true;
  for (const auto& [domain, version] : model.opset_imports) {
    out += strings::join(first ? "" : " + ", domain.empty() ? std::string_view("ai.onnx") : domain, " ", version);
    first = false;
  }
  if (first) out += "ai.onnx 1";
  out += ", producer ";
  out += model.producer_name.empty() ? std::string_view("unknown") : model.producer_name;
  if (!model.producer_version.empty()) out += strings::join(" ", model.producer_version);
  if (!model.domain.empty()) out += strings::join(", domain ", model.domain);
  if (model.model_version != 0) out += strings::join(", model version ", model.model_version);
  return out;
}

void check_header(const OnnxModel& model, OnnxOpsets& opsets, Problems& problems) {
  if (model.ir_version < 1) problems.file(bad_file("the file states no IR version; it may not be an ONNX model"));
  if (model.ir_version > kNewestIrVersion) {
    log(LogLevel::kWarn, "IR version ", model.ir_version, " is newer than ", kNewestIrVersion, ", the newest known");
  }
  opsets = model.opset_imports;
  if (const auto spelled = opsets.find("ai.onnx"); spelled != opsets.end()) opsets.emplace("", spelled->second);
  if (opsets.empty() && model.ir_version >= 3) {
    problems.file(bad_file("the file imports no operator set, which IR version ", model.ir_version, " asks for"));
  }
  opsets.emplace("", 1);
}

Result<Graph> import_model(const OnnxModel& model, const ExternalData& external, const ImportOptions& options,
                           ImportReport* report) {
  ImportState state{.model = model, .external = external, .problems = {}};
  OnnxOpsets opsets;
  check_header(model, opsets, state.problems);
  for (const OnnxFunction& function : model.functions) {
    const std::string_view domain = function.domain == "ai.onnx" ? std::string_view() : function.domain;
    if (!state.functions.emplace(std::array{domain, function.name, function.overload}, &function).second) {
      state.problems.file(bad_file("function ", function.domain, ":", function.name, " is defined twice"));
    }
  }

  Graph graph;
  graph.name = std::string(model.graph.name);
  graph.info = {.source = source_text(model), .doc = std::string(model.doc_string)};
  log(LogLevel::kInfo, graph.info.source);
  if (!model.doc_string.empty()) log(LogLevel::kInfo, model.doc_string);
  GraphImporter importer(state, graph);
  Scope scope;
  auto inputs = input_types(model.graph, options, state.problems);
  if (options.dynamic_batch) {
    std::vector<TensorType*> types;
    for (auto& [name, type] : inputs) {
      if (type) types.push_back(&*type);
    }
    state.batch = free_batch(types);
  }
  for (auto& [name, type] : inputs) {
    Scope::Binding binding;
    if (type) {
      Result<ValueId> id = graph.add_input(std::string(name), *std::move(type));
      if (id) binding = *id;
    }
    if (!scope.bind(name, binding)) state.problems.file(bad_file("value '", name, "' is defined twice"));
  }
  importer.import_initializers(model.graph, scope);
  importer.import_nodes({.nodes = model.graph.nodes,
                         .opsets = opsets,
                         .scope = scope,
                         .prefix = {},
                         .results = names_of(model.graph.outputs)});
  importer.finish(model.graph, scope);
  if (report != nullptr) {
    report->source = graph.info.source;
    report->doc = graph.info.doc;
    std::move(state.outcomes).write(state.problems, *report);
  }
  if (!state.problems.empty()) return state.problems.error();
  return graph;
}

}  // namespace
}  // namespace onnx

namespace {

Result<Graph> import_read(const Result<onnx::OnnxModel>& model, const onnx::ExternalData& external,
                          const ImportOptions& options, ImportReport* report) {
  if (model) return onnx::import_model(*model, external, options, report);
  onnx::Problems problems;
  problems.file(model.error());
  if (report != nullptr) onnx::Outcomes().write(problems, *report);
  return problems.error();
}

}  // namespace

Result<Graph> import_onnx(const std::filesystem::path& path, const ImportOptions& options, ImportReport* report) {
  TRY(const std::shared_ptr<const MappedFile> file, MappedFile::open(path));
  return import_read(onnx::read_model(file), onnx::ExternalData(path.parent_path()), options, report)
      .within(path.string());
}

Result<Graph> import_onnx(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                          const ImportOptions& options, ImportReport* report) {
  return import_read(onnx::read_model(bytes, std::move(owner)), onnx::ExternalData(), options, report);
}

}  // namespace bolide
