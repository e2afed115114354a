/// fold-dequantized-constants: weights that no integer operator reads become floats.
///
///     constant -> DequantizeLinear -> y    =>    y = constant
///
/// Fires when   codes, scale and zero point are constants and the result has at most 16 times the codes' bytes
/// Exact        the operator's own reference evaluation
#include "ops/quantize.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace bolide {
namespace {

Result<std::optional<Patch>> folded(Graph& graph, NodeId id) {
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

}  // namespace

Result<int> fold_dequantized_constants(Graph& graph) { return rewrite_each<DequantizeLinear>(graph, folded); }

}  // namespace bolide
