/// lower-quantization: QuantizeLinear and DequantizeLinear that nothing took in become Elementwise.
///
///     x -> QuantizeLinear(scale 0.5, zero 3) -> y    =>    x -> Elementwise{t0=div(x0,0.5);t1=round(t0);add(t1,3)} ->
///     y
///
/// Fires when   scales are constant f32 without blocks and codes integers of 8 or 16 bits
/// Exact        the same operations in f32
#include "ops/fused_elementwise.h"
#include "ops/quantize.h"
#include "passes/elementwise_node.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace bolide {
namespace {

Result<std::optional<Patch>> lowered(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node& node = graph.node(id);
  if (!node.op.is<QuantizeLinear>() && !node.op.is<DequantizeLinear>()) return none;
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
