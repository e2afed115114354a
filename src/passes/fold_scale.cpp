/// fold-scale: constant factors and terms per channel go into the weights next to them.
///
///     x -> Conv(w, b) -> Mul(a) -> Add(s)     =>   x -> Conv(w * a, b * a + s)
///     x -> Mul(a) -> Conv(w, b)               =>   x -> Conv(w * a, b)
///     x -> Add(s) -> Conv(w, b), no padding   =>   x -> Conv(w, b + sum w * s)
///     x -> LayerNormalization(g, b) -> Mul(a) -> Add(s)   =>   x -> LayerNormalization(g * a, b * a + s)
///
/// Fires when   weights and bias of the Conv, ConvTranspose or MatMul are constants, the factor is one number or one a
///              channel, and nothing else reads the value between
/// Numeric      in double, each new weight rounded once: within 2 units in the last place of every product
#include "ops/arithmetic.h"
#include "ops/layer_normalization.h"
#include "passes/contraction.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "tensor/number.h"

#include <algorithm>

namespace bolide {
namespace {

using Rewrite = Result<std::optional<Patch>>;

struct Affine {
  std::vector<double> scale = {1.0};
  std::vector<double> shift = {0.0};
};

/// y = x * scale + shift, when the node is Mul, Div or Add of x and a constant along the axis, and y has x's type.
std::optional<Affine> affine_of(const Graph& graph, const Node& node, int axis) {
  if (!node.op.is<Mul>() && !node.op.is<Div>() && !node.op.is<Add>()) return std::nullopt;
  const TensorType& type = graph.value(node.inputs[0]).type;
  if (!(graph.value(node.outputs.front()).type == type) || axis >= type.rank()) return std::nullopt;
  auto numbers = per_channel(graph, node.inputs[1], type.shape, axis);
  if (!numbers) return std::nullopt;
  Affine out;
  if (node.op.is<Add>()) {
    out.shift = *std::move(numbers);
    return out;
  }
  if (node.op.is<Div>()) {
    if (std::find(numbers->begin(), numbers->end(), 0.0) != numbers->end()) return std::nullopt;
    for (double& number : *numbers) number = 1.0 / number;
  }
  out.scale = *std::move(numbers);
  return out;
}

/// Into the contraction that made the input.
Rewrite fold_backward(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const auto before = sole_contraction(graph, node.inputs[0]);
  if (!before) return std::optional<Patch>();
  const auto affine = affine_of(graph, node, before->channel_axis(graph.value(node.inputs[0]).type.rank()));
  if (!affine) return std::optional<Patch>();
  Patch patch(graph, id);
  TRY(const ValueId result, with_output_affine(graph, patch, *before, affine->scale, affine->shift));
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

/// Into the contraction `id`, from the node that made its input.
Rewrite fold_forward(Graph& graph, NodeId id) {
  const auto after = contraction_of(graph, id);
  if (!after) return std::optional<Patch>();
  const Node* producer = graph.producer(after->x);
  if (producer == nullptr || graph.use_count(after->x) != 1) return std::optional<Patch>();
  const auto affine = affine_of(graph, *producer, after->channel_axis(graph.value(after->x).type.rank()));
  if (!affine || (producer->op.is<Add>() && after->pads_with_zeros)) return std::optional<Patch>();
  const ValueId x = producer->inputs[0];
  Patch patch(graph, id);
  TRY(const ValueId result, with_input_affine(graph, patch, *after, x, affine->scale, affine->shift));
  patch.replace(graph.node(id).outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

double at(const std::vector<double>& numbers, std::size_t i) { return numbers.size() == 1 ? numbers[0] : numbers[i]; }

/// Into the scale and bias of a normalization of the last axis.
Rewrite fold_into_norm(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const Node* before = graph.producer(node.inputs[0]);
  if (before == nullptr || graph.use_count(node.inputs[0]) != 1) return std::optional<Patch>();
  const Node norm = *before;
  const TensorType type = graph.value(node.inputs[0]).type;
  const LayerNormalization* layer = norm.op.as<LayerNormalization>();
  const RMSNormalization* rms = norm.op.as<RMSNormalization>();
  const std::int64_t axis = layer != nullptr ? layer->axis : rms != nullptr ? rms->axis : 0;
  const bool has_bias = norm.inputs.size() > 2 && norm.inputs[2] != kNoValue;
  if ((layer == nullptr && rms == nullptr) || (axis != -1 && axis != type.rank() - 1) ||
      norm.outputs.front() != node.inputs[0] || (rms != nullptr && node.op.is<Add>())) {
    return std::optional<Patch>();
  }
  const auto affine = affine_of(graph, node, type.rank() - 1);
  const auto scale = per_channel(graph, norm.inputs[1], type.shape, type.rank() - 1);
  const auto bias = has_bias ? per_channel(graph, norm.inputs[2], type.shape, type.rank() - 1)
                             : std::optional(std::vector<double>{0.0});
  const auto width = type.shape.back().constant();
  if (!affine || !scale || !bias || !width) return std::optional<Patch>();
  std::vector<double> new_scale;
  std::vector<double> new_bias;
  for (std::size_t i = 0; i < static_cast<std::size_t>(*width); ++i) {
    new_scale.push_back(at(*scale, i) * at(affine->scale, i));
    new_bias.push_back(at(*bias, i) * at(affine->scale, i) + at(affine->shift, i));
  }
  Patch patch(graph, id);
  std::vector<ValueId> inputs = {norm.inputs[0]};
  TRY(Tensor scale_tensor, cast(Tensor::of<double>(new_scale), type.dtype));
  inputs.push_back(patch.constant(norm.name + ".scale", std::move(scale_tensor)));
  if (has_bias || node.op.is<Add>()) {
    TRY(Tensor bias_tensor, cast(Tensor::of<double>(new_bias), type.dtype));
    inputs.push_back(patch.constant(norm.name + ".bias", std::move(bias_tensor)));
  }
  TRY(const ValueId result, patch.add(norm.op, std::move(inputs)));
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

Rewrite rule(Graph& graph, NodeId id) {
  const Op op = graph.node(id).op;
  if (op.is<Mul>() || op.is<Div>() || op.is<Add>()) {
    TRY(std::optional<Patch> backward, fold_backward(graph, id));
    if (backward) return backward;
    return fold_into_norm(graph, id);
  }
  return fold_forward(graph, id);
}

}  // namespace

Result<int> fold_scale(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
