/// lower-quantization: QuantizeLinear and DequantizeLinear that nothing took in become Elementwise, or constants.
///
///     x -> QuantizeLinear(scale 0.5, zero 3) -> y    =>    x -> Elementwise{t0=div(x0,0.5);t1=round(t0);add(t1,3)} -> y
///     constant -> DequantizeLinear -> y              =>    y = constant
///
/// Fires when   scales are constant f32 without blocks and codes integers of 8 or 16 bits; constants whose result has
///              at most 16 times their bytes
/// Exact        the same operations in f32
#include "ops/fused_elementwise.h"
#include "ops/quantize.h"
#include "passes/elementwise_node.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <algorithm>

namespace bolide {
namespace {

using Rewrite = Result<std::optional<Patch>>;

Rewrite folded(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node node = graph.node(id);
  std::vector<const Tensor*> inputs;
  for (const ValueId input : node.inputs) {
    inputs.push_back(graph.constant(input));
    if (input != kNoValue && inputs.back() == nullptr) return none;
  }
  EvalContext context;
  context.max_bytes = 16 * static_cast<std::int64_t>(inputs[0]->bytes()) + 64;
  auto results = node.op.evaluate(inputs, context);
  if (!results || results->empty()) return none;
  Patch patch(graph, id);
  patch.replace(node.outputs[0], patch.constant(graph.value(node.outputs[0]).name, std::move(results->front())));
  return std::optional<Patch>(std::move(patch));
}

Rewrite lowered(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node& node = graph.node(id);
  if (!node.op.is<QuantizeLinear>() && !node.op.is<DequantizeLinear>()) return none;
  TRY(std::optional<Patch> constant, folded(graph, id));
  if (constant) return {std::move(constant)};
  if (!is_elementwise(graph, id)) return none;
  const ValueId replaced = node.outputs[0];
  const DataType out = graph.value(replaced).type.dtype;
  ExprBuilder builder(graph, 0);
  const Expr::Arg result = append_region(graph, std::span(&id, 1), {}, builder);
  if (builder.inputs().empty()) return none;
  Patch patch(graph, id);
  const std::vector<ValueId> inputs = builder.values(patch);
  TRY(const ValueId y, patch.add(Elementwise{builder.finish(result), out}, inputs));
  patch.replace(replaced, y);
  return std::optional<Patch>(std::move(patch));
}

}  // namespace

Result<int> lower_quantization(Graph& graph) { return rewrite_all(graph, lowered); }

}  // namespace bolide
