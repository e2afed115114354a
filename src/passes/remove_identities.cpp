/// remove-identities: nodes that give back what they get.
///
///     x -> Identity -> y, x -> Transpose(0,1,2) -> y, x -> Add(0) -> y, ...    =>   x read for y
///
/// Fires when   Identity; Cast, Reshape, Squeeze, Unsqueeze, Expand, Tile to the type of x; Transpose in order; Slice
/// of
///              everything forwards; Concat and Split of one; Pad by nothing; Resize by 1; Add 0, Sub 0, Mul 1, Div 1,
///              Pow 1, And true, Or false, Xor false; Where of a known condition; always with the type of x unchanged
/// Exact        the sign of a zero aside (-0 + 0)
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/identity.h"
#include "ops/logic.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <algorithm>

namespace bolide {
namespace {

/// Whether the input is left out or a constant integer tensor whose elements all satisfy `accept`.
template <class Accept>
bool all_of_constant(const Graph& graph, const Node& node, std::size_t index, Accept accept) {
  if (index >= node.inputs.size() || node.inputs[index] == kNoValue) return true;
  const Tensor* constant = graph.constant(node.inputs[index]);
  if (constant == nullptr) return false;
  const auto numbers = to_f64(*constant);
  return numbers && std::all_of(numbers->begin(), numbers->end(), accept);
}

/// Same sizes are taken for the same elements by these.
bool keeps_elements(const Op& op) {
  return op.is<Identity>() || op.is<Cast>() || op.is<Reshape>() || op.is<Squeeze>() || op.is<Unsqueeze>() ||
         op.is<Expand>() || op.is<Tile>() || (op.is<Concat>());
}

bool is_resize_by_one(const Graph& graph, const Node& node) {
  const Resize* resize = node.op.as<Resize>();
  if (resize == nullptr || resize->coordinates == ResizeCoordinates::kTfCropAndResize || resize->antialias ||
      resize->aspect != ResizeAspect::kStretch) {
    return false;
  }
  return all_of_constant(graph, node, 2, [](double scale) { return scale == 1; });
}

bool is_neutral(std::string_view op, double number, std::size_t at) {
  if (op == "Add" || op == "Or" || op == "Xor") return number == 0;
  if (op == "Mul" || op == "And") return number == 1;
  if (op == "Sub") return number == 0 && at == 1;
  if (op == "Div" || op == "Pow") return number == 1 && at == 1;
  return false;
}

/// The input that the node's result equals when their types agree.
std::optional<ValueId> same_input(const Graph& graph, const Node& node) {
  const Op& op = node.op;
  if (op.is<Concat>() && node.inputs.size() != 1) return std::nullopt;
  if (keeps_elements(op) || is_resize_by_one(graph, node)) return node.inputs[0];
  if (op.is<Split>() && node.outputs.size() == 1) return node.inputs[0];
  if (op.is<Slice>() && all_of_constant(graph, node, 4, [](double step) { return step > 0; })) return node.inputs[0];
  if (op.is<Pad>() && all_of_constant(graph, node, 1, [](double pad) { return pad == 0; })) return node.inputs[0];
  if (const Transpose* transpose = op.as<Transpose>()) {
    const auto order = transpose->order(graph.value(node.inputs[0]).type.rank());
    if (order && std::is_sorted(order->begin(), order->end())) return node.inputs[0];
    return std::nullopt;
  }
  if (op.is<Where>()) {
    if (node.inputs[1] == node.inputs[2]) return node.inputs[1];
    const auto condition = uniform_number(graph, node.inputs[0]);
    if (!condition) return std::nullopt;
    return node.inputs[*condition != 0 ? 1 : 2];
  }
  if (node.inputs.size() != 2) return std::nullopt;
  for (const std::size_t at : {std::size_t{1}, std::size_t{0}}) {
    const auto number = uniform_number(graph, node.inputs[at]);
    if (number && is_neutral(op.name(), *number, at)) return node.inputs[1 - at];
  }
  return std::nullopt;
}

std::optional<Patch> rule(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.outputs.empty() || node.outputs.front() == kNoValue || node.inputs.empty()) return std::nullopt;
  const auto same = same_input(graph, node);
  if (!same || *same == kNoValue) return std::nullopt;
  if (!(graph.value(*same).type == graph.value(node.outputs.front()).type)) return std::nullopt;
  return replaced_by(graph, id, *same);
}

}  // namespace

Result<int> remove_identities(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
