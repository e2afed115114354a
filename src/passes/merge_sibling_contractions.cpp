/// merge-sibling-contractions: convolutions and matrix products of one input become one, whose result is cut in views.
///
///     x -> Conv(w1, b1) -> y1        =>    x -> Conv(w1|w2, b1|b2) -> Split -> y1
///     x -> Conv(w2, b2) -> y2                                            \---> y2
///
/// Fires when   the nodes read the same x, their weights are constants of one dtype and kernel size, geometry, zero
///              points and result dtype agree, there is one group, and epilogues are the same over inputs that are each
///              the same scalar or constants of one number a channel; no result is one of the graph's; together at most
///              4096 channels, none with more than 1024 (wide ones fill the machine alone)
/// Exact        every number is summed as before
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "passes/contraction_node.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <algorithm>
#include <set>

namespace bolide {
namespace {

constexpr std::int64_t kMostTogether = 4096;
constexpr std::int64_t kMostAlone = 1024;

/// The axis of the weights that holds output channels; -1 for operators that do not merge.
int output_axis(const Graph& graph, const Node& node) {
  const auto* conv = node.op.as<Conv>();
  if (conv != nullptr) return conv->groups == 1 ? 0 : -1;
  const bool matrix = node.op.is<MatMul>() && graph.value(node.inputs[1]).type.rank() == 2;
  return matrix ? 1 : -1;
}

std::int64_t channels(const Graph& graph, const Node& node) {
  const int axis = output_axis(graph, node);
  return graph.constant(node.inputs[1])->dims()[static_cast<std::size_t>(axis)];
}

bool is_candidate(const Graph& graph, const Node& node) {
  if (output_axis(graph, node) < 0 || graph.constant(node.inputs[1]) == nullptr) return false;
  if (graph.is_output(node.outputs[0])) return false;
  const ValueId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoValue;
  if (bias != kNoValue && graph.constant(bias) == nullptr) return false;
  return channels(graph, node) <= kMostAlone;
}

Dims without_axis(const Tensor& tensor, int axis) {
  Dims dims = tensor.dims();
  dims.erase(dims.begin() + axis);
  return dims;
}

/// Whether input `index` of both (of the epilogue) is one number a channel, or the same single number.
bool extra_agrees(const Graph& graph, NodeId a, NodeId b, std::size_t index) {
  const ValueId left = graph.node(a).inputs[index];
  const ValueId right = graph.node(b).inputs[index];
  const auto vector = [&](NodeId id, ValueId value) {
    const TensorType& type = graph.value(graph.node(id).outputs[0]).type;
    const int axis = contraction_view(graph, id)->channel_axis;
    return channel_vector(graph, value, axis, type.rank(), type.shape[static_cast<std::size_t>(axis)]);
  };
  const auto l = vector(a, left);
  const auto r = vector(b, right);
  return l && r && l->dtype() == r->dtype() && graph.constant(left)->rank() == graph.constant(right)->rank();
}

bool are_siblings(const Graph& graph, NodeId a, NodeId b) {
  const Node& left = graph.node(a);
  const Node& right = graph.node(b);
  if (!(left.op == right.op) || left.inputs.size() != right.inputs.size()) return false;
  const Tensor& w = *graph.constant(left.inputs[1]);
  const Tensor& v = *graph.constant(right.inputs[1]);
  const int axis = output_axis(graph, left);
  if (w.dtype() != v.dtype() || w.rank() != v.rank() || without_axis(w, axis) != without_axis(v, axis)) return false;
  for (std::size_t i = 2; i < left.inputs.size(); ++i) {
    if ((left.inputs[i] == kNoValue) != (right.inputs[i] == kNoValue)) return false;
    if (i > 2 && !extra_agrees(graph, a, b, i)) return false;
  }
  return true;
}

/// The constants one after the other along `axis`.
Result<Tensor> joined(const Graph& graph, std::span<const NodeId> nodes, std::size_t input, int axis) {
  std::vector<const Tensor*> parts;
  for (const NodeId id : nodes) parts.push_back(graph.constant(graph.node(id).inputs[input]));
  EvalContext context;
  TRY(Tensors results, Op(Concat{axis}).evaluate(parts, context));
  return std::move(results.front());
}

/// The axis of an epilogue constant along which its channels run.
int channel_axis_of(const Graph& graph, NodeId node, ValueId constant) {
  const int rank = graph.value(graph.node(node).outputs[0]).type.rank();
  return contraction_view(graph, node)->channel_axis - (rank - graph.value(constant).type.rank());
}

Result<Patch> merged(Graph& graph, std::span<const NodeId> nodes) {
  const Node first = graph.node(nodes.front());
  const int axis = contraction_view(graph, nodes.front())->channel_axis;
  std::vector<Tensor> constants(first.inputs.size());
  for (std::size_t i = 1; i < first.inputs.size(); ++i) {
    if (first.inputs[i] == kNoValue) continue;
    int along = 0;
    if (i == 1) along = output_axis(graph, first);
    if (i > 2) along = channel_axis_of(graph, nodes.front(), first.inputs[i]);
    TRY(constants[i], joined(graph, nodes, i, along));
  }
  std::vector<std::int64_t> sizes;
  for (const NodeId id : nodes) sizes.push_back(channels(graph, graph.node(id)));
  Patch patch(graph, nodes.front());
  std::vector<ValueId> inputs = {first.inputs[0]};
  for (std::size_t i = 1; i < first.inputs.size(); ++i) {
    const bool left_out = first.inputs[i] == kNoValue;
    inputs.push_back(left_out ? kNoValue : patch.constant(i == 1 ? "weights" : "channels", std::move(constants[i])));
  }
  TRY(const ValueId all, patch.add(first.op, std::move(inputs)));
  TRY(const std::vector<ValueId> parts, patch.add_node(Split{axis, sizes}, {all}, nodes.size()));
  for (std::size_t i = 0; i < nodes.size(); ++i) patch.replace(graph.node(nodes[i]).outputs[0], parts[i]);
  return patch;
}

/// The node's siblings among later readers of its input, itself first, as many as may merge.
std::vector<NodeId> siblings(const Graph& graph, NodeId id) {
  std::vector<NodeId> out = {id};
  std::int64_t together = channels(graph, graph.node(id));
  for (const NodeId reader : graph.readers(graph.node(id).inputs[0])) {
    const Node& other = graph.node(reader);
    if (std::find(out.begin(), out.end(), reader) != out.end()) continue;
    if (other.op.info().name != graph.node(id).op.info().name || other.inputs[0] != graph.node(id).inputs[0]) continue;
    if (!is_candidate(graph, other) || !are_siblings(graph, id, reader)) continue;
    if (together + channels(graph, other) > kMostTogether) continue;
    together += channels(graph, other);
    out.push_back(reader);
  }
  return out;
}

}  // namespace

Result<int> merge_sibling_contractions(Graph& graph) {
  int rewrites = 0;
  for (const NodeId id : graph.order()) {
    if (graph.node(id).erased || !is_candidate(graph, graph.node(id))) continue;
    const std::vector<NodeId> nodes = siblings(graph, id);
    if (nodes.size() < 2) continue;
    TRY(Patch patch, merged(graph, nodes));
    std::move(patch).apply();
    ++rewrites;
  }
  return rewrites;
}

}  // namespace bolide
