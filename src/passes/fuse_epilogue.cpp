/// fuse-epilogue: elementwise work after Conv, ConvTranspose and MatMul becomes their epilogue.
///
///     x -> Conv -> Add(r) -> Relu -> y     =>     x, r -> Conv{t0=add(x0,x1);max(t0,0)} -> y
///     x -> Conv -> Sigmoid -> Mul -> y     =>     x -> Conv{t0=sigmoid(x0);mul(x0,t0)} -> y
///             \---------------/
///     x -> Conv -> Add(constant of one number a channel)    =>    x, bias -> Conv
///     x -> MatMul -> Transpose -> Add(r) -> y      =>     x, Transpose(r) -> MatMul{add(x0,x1)} -> Transpose -> y
///
/// Fires when   all readers of the contraction's result lie in a set of elementwise nodes of which only the last one's
///              result leaves the set; that result has the contraction's shape; the epilogue stays within 4 extra
///              inputs and 32 steps. Since nothing else leaves the set, what it reads besides cannot depend on the
///              contraction. Of two contractions that feed one Add the later one takes it, the other is its residual
///              input. DequantizeLinear nodes that feed the set are read through, also when others read them.
/// Exact        for f32 and f64: the same operations in the same order, except that a bias enters the sum before it is
///              rounded. Results of 16-bit floats are not rounded between the operations.
#include "ops/arithmetic.h"
#include "ops/transpose.h"
#include "passes/contraction_node.h"
#include "passes/elementwise_node.h"
#include "passes/elementwise_region.h"
#include "passes/passes.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::size_t kMaxExtraInputs = 4;
constexpr std::size_t kMaxSteps = 32;

bool same_real_type(const Graph& graph, std::span<const NodeId> region, DataType type) {
  return std::all_of(region.begin(), region.end(), [&](NodeId id) { return real_type(graph, id) == type; });
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

/// A constant of at most the order's rank under the axes `order`, leading sizes of 1 written out.
Result<Tensor> permuted(const Tensor& tensor, std::span<const std::int64_t> order) {
  Dims dims(order.size() - tensor.dims().size(), 1);
  dims.insert(dims.end(), tensor.dims().begin(), tensor.dims().end());
  TRY(const Tensor full, tensor.reshaped(std::move(dims)));
  EvalContext context;
  const Tensor* input = &full;
  const Op transpose = Transpose{{order.begin(), order.end()}};
  TRY(Tensors results, transpose.evaluate({&input, 1}, context));
  return std::move(results.front());
}

/// The inputs of the builder from `first` on as the contraction sees them, under the axes `order`; nothing when a value
/// has another rank.
Result<std::optional<std::vector<ValueId>>> turned_values(Graph& graph, const ExprBuilder& builder, std::size_t first,
                                                          std::span<const std::int64_t> order, Patch& patch) {
  std::vector<ValueId> out;
  for (std::size_t i = 0; i < builder.inputs().size(); ++i) {
    const auto* value = std::get_if<ValueId>(&builder.inputs()[i]);
    const Tensor* constant = value != nullptr ? graph.constant(*value) : &std::get<Tensor>(builder.inputs()[i]);
    if (i < first) {
      out.push_back(*value);
    } else if (constant != nullptr && constant->rank() <= static_cast<int>(order.size())) {
      TRY(Tensor turned, permuted(*constant, order));
      out.push_back(patch.constant("factors", std::move(turned)));
    } else if (value != nullptr && graph.value(*value).type.rank() == static_cast<int>(order.size())) {
      TRY(const ValueId turned, patch.add(Transpose{{order.begin(), order.end()}}, {*value}));
      out.push_back(turned);
    } else {
      return std::optional<std::vector<ValueId>>();
    }
  }
  return {std::move(out)};
}

/// The contraction with `region` in its epilogue. `between`: a Transpose from the contraction's result to what the
/// region reads, or none; it then stands behind.
Result<std::optional<Patch>> extended(Graph& graph, NodeId id, const ContractionView& view,
                                      std::span<const NodeId> region, NodeId between) {
  std::optional<Patch> none;
  const ValueId result = graph.node(id).outputs[0];
  const ValueId read = between == kNoNode ? result : graph.node(between).outputs[0];
  const ValueId replaced = graph.node(region.back()).outputs[0];
  const TensorType wanted = graph.value(replaced).type;
  if (wanted.dtype == DataType::kBool || wanted.shape != graph.value(read).type.shape) return none;
  DataType real = real_type(graph, region.back());
  if (is_float(view.out)) real = view.out;
  if (!same_real_type(graph, region, real)) return none;

  ExprBuilder builder(graph, 1);
  std::vector<Expr::Arg> args = {Expr::in(0)};
  const Node& node = graph.node(id);
  for (std::size_t i = 3; i < node.inputs.size(); ++i) args.push_back(builder.input(node.inputs[i]));
  const std::size_t own = builder.inputs().size();
  const Expr::Arg before = builder.stored(builder.apply(view.epilogue, args), view.out);
  const Expr::Arg after = append_region(graph, with_loads(graph, region), {{read, before}}, builder);
  if (builder.inputs().size() > kMaxExtraInputs || builder.steps() > kMaxSteps) return none;

  const Op op = with_epilogue(node.op, builder.finish(after), wanted.dtype);
  Patch patch(graph, id);
  std::vector<ValueId> extra;
  std::optional<Op> turn;
  if (between == kNoNode) {
    extra = builder.values(patch);
  } else {
    turn = graph.node(between).op;
    TRY(const auto order, turn->as<Transpose>()->order(wanted.rank()));
    Dims inverse(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<std::int64_t>(i);
    TRY(auto turned, turned_values(graph, builder, own, inverse, patch));
    if (!turned) return none;
    extra = *std::move(turned);
  }
  auto y = patch.add(op, contraction_inputs(graph.node(id), extra));
  if (y && turn) y = patch.add(*turn, {*y});
  if (!y || graph.value(*y).type != wanted) return none;
  patch.replace(replaced, *y);
  return std::optional<Patch>(std::move(patch));
}

/// Whether the region reads a value that the contraction's epilogue reads already. Behind a Transpose it would have to
/// be one input in two orders of axes.
bool shares_inputs(const Graph& graph, const Node& node, std::span<const NodeId> region) {
  for (const NodeId id : with_loads(graph, region)) {
    for (const ValueId input : graph.node(id).inputs) {
      const auto extras = std::span(node.inputs).subspan(std::min<std::size_t>(3, node.inputs.size()));
      if (std::find(extras.begin(), extras.end(), input) != extras.end()) return true;
    }
  }
  return false;
}

/// The Transpose that alone reads the value, or none.
NodeId only_transpose(const Graph& graph, ValueId value) {
  const auto readers = graph.readers(value);
  if (readers.size() != 1 || graph.is_output(value)) return kNoNode;
  return graph.node(readers[0]).op.is<Transpose>() ? readers[0] : kNoNode;
}

Result<std::optional<Patch>> fused(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const auto view = contraction_view(graph, id);
  if (!view) return none;
  if (!is_float(view->out) && !integer_range(view->out)) return none;
  const ValueId result = graph.node(id).outputs[0];
  const NodeId between = only_transpose(graph, result);
  const std::vector<NodeId> region = closed_region(graph, between == kNoNode ? result : graph.node(between).outputs[0]);
  if (region.empty()) return none;
  if (between != kNoNode && shares_inputs(graph, graph.node(id), region)) return none;
  if (between == kNoNode && region.size() == 1) {
    TRY(std::optional<Patch> biased, as_bias(graph, id, *view, region.front()));
    if (biased) return {std::move(biased)};
  }
  return extended(graph, id, *view, region, between);
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
      std::move(*patch).apply();
      // The node that took over: the last one, unless a Transpose stands behind it.
      id = static_cast<NodeId>(graph.node_slots()) - 1;
      if (graph.node(id).op.is<Transpose>()) --id;
      ++rewrites;
    }
  }
  return rewrites;
}

}  // namespace bolide
