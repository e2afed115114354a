// Imports, optimises, plans and runs the input as a model. Networks whose sizes are large are planned and not run: what
// they take is what the model says. Where the data decide sizes or turns, time and the largest tensor are limited.
#include "backend/cpu/cpu_backend.h"
#include "base/log.h"
#include "compile/compile.h"
#include "import/onnx/importer.h"
#include "runtime/context.h"

#include <cstdio>
#include <cstdlib>

namespace {

/// An error tells what is wrong with the model: one without a text, and one that says that Bolide is wrong, are
/// findings.
void check(const bolide::Error& error) {
  if (error.code != bolide::Code::kInternal && !error.message.empty()) return;
  std::fprintf(stderr, "%s\n", error.message.c_str());
  std::abort();
}

constexpr std::int64_t kMostBytes = std::int64_t{32} << 20;

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

/// Larger tensors than this are refused, as where memory is short.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1:max_allocation_size_mb=128"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bolide::set_log_sink([](bolide::LogLevel, std::string_view) {});
  auto imported = bolide::import_onnx(std::span(reinterpret_cast<const std::byte*>(data), size), nullptr);
  if (!imported) return check(imported.error()), 0;
  static const auto kBackend = std::make_shared<bolide::CpuBackend>(bolide::make_cpu_target(std::nullopt, 1));
  bolide::CompileOptions options;
  options.effort = 0;
  options.verify_passes = true;
  auto compiled = bolide::compile(*std::move(imported), kBackend, options);
  if (!compiled) return check(compiled.error()), 0;
  const bolide::StepGraph& graph = compiled->engine->graph();
  const auto dims = bolide::complete_sizes(graph, {});
  if (!dims) return 0;
  if (compiled->engine->sizes_known()) {
    const auto sizes = bolide::resolve_sizes(graph, *dims);
    if (!sizes || !small(graph, *sizes)) return 0;
  }
  bolide::ContextCore context(compiled->engine);
  context.limit_time(2);
  std::vector<bolide::Tensor> inputs;
  for (std::size_t i = 0; i < dims->size(); ++i) {
    const auto value = static_cast<std::size_t>(graph.inputs[i]);
    if (const auto count = bolide::element_count((*dims)[i]); !count || *count > kMostBytes) return 0;
    auto tensor = bolide::Tensor::allocate(graph.values[value].type.dtype, (*dims)[i]);
    if (!tensor) return 0;
    inputs.push_back(*std::move(tensor));
    if (!context.set_input(static_cast<int>(i), inputs[i].dtype(), inputs[i].dims(), inputs[i].data())) return 0;
  }
  const bolide::Status ran = context.run();
  if (!ran) check(ran.error());
  return 0;
}
