/// fold-uniform: tensors of one repeated number are that number.
///
///     n -> ConstantOfShape(1) -> Sub(1, .) -> Mul(-1e4) --+            0 --+
///                                                      x -+-> Add  =>   x -+-> Add
///
/// Fires when   a value is known to hold one number (ConstantOfShape, constants, and what moves, converts or computes
///              elementwise only such values), and an elementwise reader gives the same sizes when it reads a scalar
/// Exact        the number is computed by the operators' own reference evaluation
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/fill.h"
#include "ops/gather.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/sizes.h"
#include "tensor/number.h"

#include <algorithm>

namespace bolide {
namespace {

/// One-element tensors of rank 0, where the value holds a single number.
using Uniforms = std::vector<std::optional<Tensor>>;

const std::optional<Tensor>& at(const Uniforms& known, ValueId id) {
  static const std::optional<Tensor> none;
  return id == kNoValue ? none : known[static_cast<std::size_t>(id)];
}

/// Operators whose elements are all elements of input 0.
bool moves_input(const Op& op) {
  return op.is<Expand>() || op.is<Tile>() || op.is<Reshape>() || op.is<Squeeze>() || op.is<Unsqueeze>() ||
         op.is<Slice>() || op.is<Transpose>() || op.is<Gather>() || op.is<GatherElements>();
}

std::optional<Tensor> evaluated(const Op& op, std::span<const Tensor* const> inputs) {
  EvalContext context;
  context.max_bytes = 64;
  auto out = op.evaluate(inputs, context);
  if (!out || out->size() != 1 || out->front().count() != 1) return std::nullopt;
  auto scalar = out->front().reshaped({});
  if (!scalar) return std::nullopt;
  return *std::move(scalar);
}

/// The number of an elementwise operator whose inputs all hold one number.
std::optional<Tensor> computed(const Node& node, const Uniforms& known) {
  std::vector<const Tensor*> inputs;
  for (const ValueId input : node.inputs) {
    if (!at(known, input)) return std::nullopt;
    inputs.push_back(&*at(known, input));
  }
  return evaluated(node.op, inputs);
}

std::optional<Tensor> joined(const Node& node, const Uniforms& known) {
  const std::optional<Tensor>& first = at(known, node.inputs[0]);
  if (!first) return std::nullopt;
  const bool same = std::all_of(node.inputs.begin(), node.inputs.end(),
                                [&](ValueId input) { return at(known, input) && *at(known, input) == *first; });
  return same ? first : std::nullopt;
}

std::optional<Tensor> number_of(const Node& node, const Uniforms& known) {
  if (const ConstantOfShape* fill = node.op.as<ConstantOfShape>()) {
    auto scalar = fill->value.reshaped({});
    if (!scalar) return std::nullopt;
    return *std::move(scalar);
  }
  if (moves_input(node.op)) return at(known, node.inputs[0]);
  if (node.op.is<Concat>()) return joined(node, known);
  if (node.op.expression() || node.op.is<Cast>()) return computed(node, known);
  return std::nullopt;
}

Uniforms find_uniforms(const Graph& graph) {
  Uniforms known(graph.value_count());
  for (ValueId id = 0; id < static_cast<ValueId>(graph.value_count()); ++id) {
    if (!uniform_number(graph, id)) continue;
    const Tensor& constant = *graph.constant(id);
    known[static_cast<std::size_t>(id)] =
        Tensor::borrow(constant.dtype(), {}, constant.data(), graph.value(id).constant);
  }
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.outputs.size() != 1 || node.outputs.front() == kNoValue || node.inputs.empty()) continue;
    known[static_cast<std::size_t>(node.outputs.front())] = number_of(node, known);
  }
  return known;
}

bool reads_scalar(Graph& graph, NodeId id, std::size_t index, const Uniforms& known) {
  const Node& node = graph.node(id);
  const ValueId input = node.inputs[index];
  if (input >= static_cast<ValueId>(known.size()) || !at(known, input)) return false;
  const TensorType type = graph.value(input).type;
  if (type.rank() == 0 || (graph.constant(input) != nullptr && graph.constant(input)->count() == 1)) return false;
  if (!may_be_narrower(graph, node, index)) return false;
  const Tensor number = *at(known, input);
  const std::string name = graph.value(input).name;
  const ValueId scalar = graph.add_constant(name, number);
  graph.set_input(id, index, scalar);
  return true;
}

}  // namespace

Result<int> fold_uniform(Graph& graph) {
  const Uniforms known = find_uniforms(graph);
  int rewrites = 0;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (!node.op.expression() || node.outputs.size() != 1 || node.inputs.size() < 2) continue;
    if (std::find(node.inputs.begin(), node.inputs.end(), kNoValue) != node.inputs.end()) continue;
    for (std::size_t i = 0; i < graph.node(id).inputs.size(); ++i)
      rewrites += reads_scalar(graph, id, i, known) ? 1 : 0;
  }
  return rewrites;
}

}  // namespace bolide
