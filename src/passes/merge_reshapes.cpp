/// merge-reshapes: one Reshape for a chain of them, with plain numbers for sizes.
///
///     x -> Unsqueeze -> Reshape -> Squeeze -> y      =>   x -> Reshape(sizes: numbers, 0, -1) -> y
///
/// Fires when   Squeeze, Unsqueeze, a Reshape whose sizes are computed, or either of them after another; and the sizes
///              can be written with at most one -1
/// Exact        moves no number
#include "ops/reshape.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/sizes.h"

namespace bolide {
namespace {

bool is_reshape(const Op& op) { return op.is<Reshape>() || op.is<Squeeze>() || op.is<Unsqueeze>(); }

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (!is_reshape(node.op) || graph.constant(node.inputs[0]) != nullptr) return std::optional<Patch>();
  ValueId source = node.inputs[0];
  while (const Node* before = graph.producer(source)) {
    if (!is_reshape(before->op)) break;
    source = before->inputs[0];
  }
  const bool is_canonical = node.op.is<Reshape>() && graph.constant(node.inputs[1]) != nullptr;
  // The longest way back first: a middle shape may be needed to say the sizes.
  for (ValueId from = source;;) {
    if (is_canonical && from == node.inputs[0]) return std::optional<Patch>();
    Patch patch(graph, id);
    TRY(const std::optional<ValueId> result, add_reshape(graph, patch, from, node.outputs.front()));
    if (result) {
      patch.replace(node.outputs.front(), *result);
      return std::optional<Patch>(std::move(patch));
    }
    if (from == node.inputs[0]) return std::optional<Patch>();
    ValueId next = node.inputs[0];
    while (graph.producer(next)->inputs[0] != from) next = graph.producer(next)->inputs[0];
    from = next;
  }
}

}  // namespace

Result<int> merge_reshapes(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
