/// drop-expands: elementwise operators broadcast by themselves.
///
///     c -> Expand(sizes) --+                              c --+
///                       x -+-> Add                =>       x -+-> Add
///     i -> Expand(sizes) -> Gather(table) -> Add(x)   =>  i -> Gather(table) -> Add(x)
///
/// Fires when   the reader's result has the same sizes without the Expand
/// Exact        the same numbers meet
#include "ops/expand.h"
#include "ops/gather.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/sizes.h"

namespace bolide {
namespace {

/// What broadcasts to the value: the input of its Expand, or the same Gather by the input of an Expand.
Result<std::optional<ValueId>> narrower(const Graph& graph, Patch& patch, ValueId value) {
  const Node* producer = graph.producer(value);
  if (producer == nullptr) return std::optional<ValueId>();
  if (producer->op.is<Expand>()) return std::optional(producer->inputs[0]);
  const Gather* gather = producer->op.as<Gather>();
  if (gather == nullptr || gather->axis != 0) return std::optional<ValueId>();
  const ValueId table = producer->inputs[0];
  const Node* expand = graph.producer(producer->inputs[1]);
  if (expand == nullptr || !expand->op.is<Expand>()) return std::optional<ValueId>();
  TRY(const ValueId result, patch.add(Gather{0}, {table, expand->inputs[0]}));
  return std::optional(result);
}

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (!node.op.expression() || node.inputs.size() < 2 || node.outputs.size() != 1) return std::optional<Patch>();
  const TensorType type = graph.value(node.outputs.front()).type;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) return std::optional<Patch>();
    if (!may_be_narrower(graph, node, i)) continue;
    Patch patch(graph, id);
    TRY(const std::optional<ValueId> input, narrower(graph, patch, node.inputs[i]));
    if (!input) continue;
    std::vector<ValueId> inputs = node.inputs;
    inputs[i] = *input;
    TRY(const ValueId result, patch.add(node.op, std::move(inputs)));
    if (!(graph.value(result).type == type)) continue;
    patch.replace(node.outputs.front(), result);
    return std::optional<Patch>(std::move(patch));
  }
  return std::optional<Patch>();
}

}  // namespace

Result<int> drop_expands(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
