// Imports, optimises, plans and runs the input as a model. Networks whose sizes are large or come from the data, and
// loops, are planned and not run: what they take is what the model says.
#include "backend/cpu/cpu_backend.h"
#include "base/log.h"
#include "compile/compile.h"
#include "import/onnx/importer.h"
#include "runtime/context.h"

namespace {

constexpr std::int64_t kMostBytes = std::int64_t{32} << 20;

bool loops(const bolide::StepGraph& graph) {
  for (const bolide::StepGraph::Step& step : graph.steps) {
    if (!step.bodies.empty() && step.op.name() != "If") return true;
    for (const auto& body : step.bodies) {
      if (loops(*body)) return true;
    }
  }
  return false;
}

/// Bytes of all values; nothing when they are not known or too many.
bool small(const bolide::StepGraph& graph, const bolide::Sizes& sizes) {
  std::int64_t bytes = 0;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const auto count = bolide::element_count(sizes.dims[v]);
    if (!count || *count > kMostBytes) return false;
    bytes += static_cast<std::int64_t>(bolide::packed_bytes(graph.values[v].type.dtype, *count));
    if (bytes > kMostBytes) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bolide::set_log_sink([](bolide::LogLevel, std::string_view) {});
  auto imported = bolide::import_onnx(std::span(reinterpret_cast<const std::byte*>(data), size), nullptr);
  if (!imported) return 0;
  auto backend = std::make_shared<bolide::CpuBackend>(bolide::make_cpu_target(std::nullopt, 1));
  bolide::CompileOptions options;
  options.effort = 0;
  options.verify_passes = true;
  auto compiled = bolide::compile(*std::move(imported), std::move(backend), options);
  if (!compiled) return 0;
  const bolide::StepGraph& graph = compiled->engine->graph();
  const auto dims = bolide::complete_sizes(graph, {});
  if (!dims || !compiled->engine->sizes_known() || loops(graph)) return 0;
  const auto sizes = bolide::resolve_sizes(graph, *dims);
  if (!sizes || !small(graph, *sizes)) return 0;
  bolide::ContextCore context(compiled->engine);
  context.limit_time(2);
  std::vector<bolide::Tensor> inputs;
  for (std::size_t i = 0; i < dims->size(); ++i) {
    const auto value = static_cast<std::size_t>(graph.inputs[i]);
    auto tensor = bolide::Tensor::allocate(graph.values[value].type.dtype, (*dims)[i]);
    if (!tensor) return 0;
    inputs.push_back(*std::move(tensor));
    if (!context.set_input(static_cast<int>(i), inputs[i].dtype(), inputs[i].dims(), inputs[i].data())) return 0;
  }
  (void)context.run();
  return 0;
}
