/// fuse-epilogue: elementwise work after Conv, ConvTranspose and MatMul becomes their epilogue.
///
///     x -> Conv -> Add(r) -> Relu -> y     =>     x, r -> Conv{t0=add(x0,x1);max(t0,0)} -> y
///     x -> Conv -> Sigmoid -> Mul -> y     =>     x -> Conv{t0=sigmoid(x0);mul(x0,t0)} -> y
///             \---------------/
///     x -> Conv -> Add(constant of one number a channel)    =>    x, bias -> Conv
///
/// Fires when   all readers of the contraction's result lie in a set of elementwise nodes of which only the last one's
///              result leaves the set; that result has the contraction's shape; the epilogue stays within 4 extra
///              inputs and 32 steps. Since nothing else leaves the set, what it reads besides cannot depend on the
///              contraction. Of two contractions that feed one Add the later one takes it, the other is its residual
///              input. DequantizeLinear nodes that feed the set are read through, also when others read them.
/// Exact        for f32 and f64: the same operations in the same order, except that a bias enters the sum before it is
///              rounded. Results of 16-bit floats are not rounded between the operations.
#include "ops/arithmetic.h"
#include "passes/contraction_node.h"
#include "passes/elementwise_node.h"
#include "passes/passes.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::size_t kMaxExtraInputs = 4;
constexpr std::size_t kMaxSteps = 32;
constexpr std::size_t kMaxNodes = 24;

bool contains(const std::vector<NodeId>& nodes, NodeId id) {
  return std::find(nodes.begin(), nodes.end(), id) != nodes.end();
}

/// The set in topological order.
std::vector<NodeId> sorted(const Graph& graph, const std::vector<NodeId>& set) {
  std::vector<NodeId> out;
  while (out.size() < set.size()) {
    const std::size_t before = out.size();
    for (const NodeId id : set) {
      const auto& inputs = graph.node(id).inputs;
      const bool ready = std::all_of(inputs.begin(), inputs.end(), [&](ValueId value) {
        const NodeId producer = graph.producer_id(value);
        return !contains(set, producer) || contains(out, producer);
      });
      if (ready && !contains(out, id)) out.push_back(id);
    }
    if (out.size() == before) return {};
  }
  return out;
}

/// Nodes of the set whose result is read outside of it or returned.
std::vector<NodeId> open_ends(const Graph& graph, const std::vector<NodeId>& set) {
  std::vector<NodeId> ends;
  for (const NodeId id : set) {
    const ValueId result = graph.node(id).outputs[0];
    const auto readers = graph.readers(result);
    const bool inside = !readers.empty() && !graph.is_output(result) &&
                        std::all_of(readers.begin(), readers.end(), [&](NodeId r) { return contains(set, r); });
    if (!inside) ends.push_back(id);
  }
  return ends;
}

/// Adds the readers of `value`; false when one of them does not fuse.
bool add_readers(const Graph& graph, ValueId value, std::vector<NodeId>& set) {
  if (graph.is_output(value) || graph.readers(value).empty()) return false;
  for (const NodeId reader : graph.readers(value)) {
    if (!is_elementwise(graph, reader)) return false;
    if (!contains(set, reader)) set.push_back(reader);
  }
  return set.size() <= kMaxNodes;
}

/// True when the node dequantizes and all that read it can do that themselves, from codes that are smaller.
bool is_passed_on(const Graph& graph, NodeId id) {
  const ValueId result = graph.node(id).outputs[0];
  const auto readers = graph.readers(result);
  return is_free_load(graph, id) && !graph.is_output(result) &&
         std::all_of(readers.begin(), readers.end(), [&graph](NodeId reader) { return is_elementwise(graph, reader); });
}

/// The smallest set of elementwise nodes that holds all readers of `value` and from which one result leaves, in
/// topological order; empty when there is none.
std::vector<NodeId> closed_region(const Graph& graph, ValueId value) {
  std::vector<NodeId> set;
  if (!add_readers(graph, value, set)) return {};
  while (true) {
    const std::vector<NodeId> ends = open_ends(graph, set);
    if (ends.empty()) return {};
    if (ends.size() == 1 && !is_passed_on(graph, ends.front())) return sorted(graph, set);
    // The end that stands first cannot be the one that all paths meet in.
    const NodeId first = *std::min_element(ends.begin(), ends.end(), [&graph](NodeId a, NodeId b) {
      return graph.node(a).position < graph.node(b).position;
    });
    if (!add_readers(graph, graph.node(first).outputs[0], set)) return {};
  }
}

bool same_real_type(const Graph& graph, std::span<const NodeId> region, DataType type) {
  return std::all_of(region.begin(), region.end(), [&](NodeId id) { return real_type(graph, id) == type; });
}

/// `region` with the DequantizeLinear nodes in front that feed it.
std::vector<NodeId> with_loads(const Graph& graph, std::span<const NodeId> region) {
  std::vector<NodeId> out;
  const std::vector<NodeId> set(region.begin(), region.end());
  for (const NodeId id : region) {
    for (const ValueId input : graph.node(id).inputs) {
      const NodeId producer = graph.producer(input) == nullptr ? kNoNode : graph.producer_id(input);
      if (producer == kNoNode || contains(set, producer) || contains(out, producer)) continue;
      if (is_free_load(graph, producer)) out.push_back(producer);
    }
  }
  out.insert(out.end(), region.begin(), region.end());
  return out;
}

/// y = Add(contraction, one constant number a channel), as the contraction's bias.
Result<std::optional<Patch>> as_bias(Graph& graph, NodeId id, const ContractionView& view, NodeId sum) {
  std::optional<Patch> none;
  const Node& node = graph.node(id);
  const Node& add = graph.node(sum);
  if (!add.op.is<Add>() || !view.epilogue.is_identity()) return none;
  if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) return none;
  const ValueId result = node.outputs[0];
  const ValueId other = add.inputs[0] == result ? add.inputs[1] : add.inputs[0];
  const TensorType& type = graph.value(result).type;
  if (!is_float(graph.value(node.inputs[0]).type.dtype) || view.channel_axis < 0) return none;
  auto bias = channel_vector(graph, other, view.channel_axis, type.rank(),
                             type.shape[static_cast<std::size_t>(view.channel_axis)]);
  if (!bias || bias->dtype() != type.dtype) return none;
  const Op op = node.op;
  std::vector<ValueId> inputs = node.inputs;
  inputs.resize(3, kNoValue);
  const ValueId replaced = add.outputs[0];
  Patch patch(graph, id);
  inputs[2] = patch.constant("bias", *std::move(bias));
  TRY(const ValueId y, patch.add(op, std::move(inputs)));
  patch.replace(replaced, y);
  return std::optional<Patch>(std::move(patch));
}

Result<std::optional<Patch>> extended(Graph& graph, NodeId id, const ContractionView& view,
                                      std::span<const NodeId> region) {
  std::optional<Patch> none;
  const ValueId result = graph.node(id).outputs[0];
  const ValueId replaced = graph.node(region.back()).outputs[0];
  const TensorType wanted = graph.value(replaced).type;
  if (wanted.dtype == DataType::kBool || wanted.shape != graph.value(result).type.shape) return none;
  DataType real = real_type(graph, region.back());
  if (is_float(view.out)) real = view.out;
  if (!same_real_type(graph, region, real)) return none;

  ExprBuilder builder(graph, 1);
  std::vector<Expr::Arg> args = {Expr::in(0)};
  const Node& node = graph.node(id);
  for (std::size_t i = 3; i < node.inputs.size(); ++i) args.push_back(builder.input(node.inputs[i]));
  const Expr::Arg before = builder.stored(builder.apply(view.epilogue, args), view.out);
  const Expr::Arg after = append_region(graph, with_loads(graph, region), {{result, before}}, builder);
  if (builder.inputs().size() > kMaxExtraInputs || builder.steps() > kMaxSteps) return none;

  const Op op = with_epilogue(node.op, builder.finish(after), wanted.dtype);
  Patch patch(graph, id);
  const std::vector<ValueId> extra = builder.values(patch);
  auto y = patch.add(op, contraction_inputs(graph.node(id), extra));
  if (!y || graph.value(*y).type != wanted) return none;
  patch.replace(replaced, *y);
  return std::optional<Patch>(std::move(patch));
}

Result<std::optional<Patch>> fused(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const auto view = contraction_view(graph, id);
  if (!view) return none;
  if (!is_float(view->out) && !integer_range(view->out)) return none;
  const std::vector<NodeId> region = closed_region(graph, graph.node(id).outputs[0]);
  if (region.empty()) return none;
  if (region.size() == 1) {
    TRY(std::optional<Patch> biased, as_bias(graph, id, *view, region.front()));
    if (biased) return {std::move(biased)};
  }
  return extended(graph, id, *view, region);
}

}  // namespace

Result<int> fuse_epilogue(Graph& graph) {
  int rewrites = 0;
  std::vector<NodeId> order = graph.order();
  // Later contractions first: of two that meet, the earlier one is then ready when the later one runs.
  std::reverse(order.begin(), order.end());
  for (NodeId id : order) {
    while (!graph.node(id).erased) {
      TRY(std::optional<Patch> patch, fused(graph, id));
      if (!patch) break;
      id = static_cast<NodeId>(graph.node_slots()) - 1;  // the node that takes over
      std::move(*patch).apply();
      ++rewrites;
    }
  }
  return rewrites;
}

}  // namespace bolide
