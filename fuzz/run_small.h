/// Runs an engine of any origin once, on zeros, where that takes little.
#pragma once

#include "runtime/context.h"

#include <cstdio>
#include <cstdlib>

namespace bolide::fuzz {

/// An error tells what is wrong with the input: one without a text, and one that says that Bolide is wrong, are
/// findings.
inline void check(const Error& error) {
  if (error.code != Code::kInternal && !error.message.empty()) return;
  std::fprintf(stderr, "%s\n", error.message.c_str());
  std::abort();
}

inline constexpr std::int64_t kMostBytes = std::int64_t{32} << 20;

/// Whether all values together are known to be small.
inline bool is_small(const StepGraph& graph, const Sizes& sizes) {
  std::int64_t bytes = 0;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const auto count = element_count(sizes.dims[v]);
    if (!count || *count > kMostBytes) return false;
    bytes += static_cast<std::int64_t>(packed_bytes(graph.values[v].type.dtype, *count));
    if (bytes > kMostBytes) return false;
  }
  return true;
}

/// Networks whose sizes are large are not run: what they take is what the model says. Where the data decide sizes or
/// turns, time is limited.
inline void run_small(std::shared_ptr<EngineCore> engine) {
  const StepGraph& graph = engine->graph();
  const auto dims = complete_sizes(graph, {});
  if (!dims) return;
  if (engine->sizes_known()) {
    const auto sizes = resolve_sizes(graph, *dims);
    if (!sizes || !is_small(graph, *sizes)) return;
  }
  ContextCore context(std::move(engine));
  context.limit_time(2);
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < dims->size(); ++i) {
    const auto value = static_cast<std::size_t>(graph.inputs[i]);
    if (const auto count = element_count((*dims)[i]); !count || *count > kMostBytes) return;
    auto tensor = Tensor::allocate(graph.values[value].type.dtype, (*dims)[i]);
    if (!tensor) return;
    inputs.push_back(*std::move(tensor));
    if (!context.set_input(static_cast<int>(i), inputs[i].dtype(), inputs[i].dims(), inputs[i].data())) return;
  }
  if (const Status ran = context.run(); !ran) check(ran.error());
}

}  // namespace bolide::fuzz

/// Larger tensors than this are refused, as where memory is short.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1:max_allocation_size_mb=128"; }
