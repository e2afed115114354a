/// fold-constants: what can be known now.
///
///     c1, c2 -> Op -> y          =>   y = constant
///     x -> Shape -> ... -> y     =>   y = constant, when shape arithmetic gives plain numbers
///
/// Fires when   all inputs of a pure operator are constants and the result is at most 64 MiB, and at most 16 times as
///              large as the inputs or 1 MiB, and takes at most 1e10 steps; or an integer value's contents are known
///              as numbers. None fires once the time of all passes is up (pipeline.h)
/// Exact        the operator's own reference evaluation; DequantizeLinear stays, as quantized operators are made from
/// it
#include "base/time_limit.h"
#include "ops/work.h"
#include "passes/passes.h"
#include "tensor/number.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::int64_t kAlwaysFine = INT64_C(1) << 20;
constexpr std::int64_t kNeverMore = INT64_C(64) << 20;
constexpr double kMostWork = 1e10;

/// The bytes that a result may have, or nothing when some input is no constant.
std::optional<std::int64_t> budget(const Graph& graph, const Node& node) {
  std::int64_t bytes = 0;
  for (const ValueId input : node.inputs) {
    if (input == kNoValue) continue;
    const Tensor* constant = graph.constant(input);
    if (constant == nullptr) return std::nullopt;
    bytes += static_cast<std::int64_t>(std::min<std::size_t>(constant->bytes(), kNeverMore));
  }
  return std::min(kNeverMore, std::max(kAlwaysFine, 16 * bytes));
}

bool is_foldable(const Node& node) {
  return node.op.info().pure && node.subgraphs.empty() && !node.outputs.empty() && node.op.name() != "DequantizeLinear";
}

/// Whether the node's outputs became constants. An operator that cannot be evaluated stays: running it will tell.
bool fold_node(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (!is_foldable(node)) return false;
  const auto bytes = budget(graph, node);
  if (!bytes) return false;
  std::vector<const Tensor*> inputs;
  for (const ValueId input : node.inputs) inputs.push_back(graph.constant(input));
  EvalContext context;
  context.output_count = static_cast<int>(node.outputs.size());
  context.max_bytes = *bytes;
  if (evaluation_work(node.op, inputs, context.output_count) > kMostWork || !TimeLimit::check()) return false;
  auto results = node.op.evaluate(inputs, context);
  if (!results || results->size() < node.outputs.size() || !TimeLimit::check()) return false;
  for (const Tensor& result : *results) {
    if (is_container(result.dtype())) return false;  // constants are tensors
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) graph.make_constant(node.outputs[i], std::move((*results)[i]));
  }
  return true;
}

/// Whether contents that are plain numbers made the node's first output a constant.
bool fold_contents(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.outputs.empty() || node.outputs.front() == kNoValue || !node.op.info().pure) return false;
  const ValueId output = node.outputs.front();
  const Value& value = graph.value(output);
  const auto dims = constant_dims(value.type.shape);
  if (!value.contents || !dims) return false;
  const auto numbers = constant_dims(*value.contents);
  if (!numbers) return false;
  auto tensor = Tensor::of<std::int64_t>(*numbers).reshaped(*dims);
  if (!tensor) return false;
  auto converted = cast(*tensor, value.type.dtype);
  if (!converted) return false;
  graph.make_constant(output, *std::move(converted));
  return true;
}

}  // namespace

Result<int> fold_constants(Graph& graph) {
  int folded = 0;
  for (const NodeId id : graph.order()) {
    if (graph.node(id).erased) continue;
    if (fold_node(graph, id) || fold_contents(graph, id)) ++folded;
  }
  // Types can depend on values that are known now.
  if (folded > 0) TRY_OK(graph.reinfer());
  return folded;
}

}  // namespace bolide
