/// fold-batch-norm: inference batch normalization has constant factors.
///
///     x -> Conv(w, b) -> BatchNormalization      =>   x -> Conv(w * a, b * a + s)
///     x -> BatchNormalization                    =>   x -> Mul(a) -> Add(s)
///     with a = scale / sqrt(var + epsilon), s = bias - mean * a
///
/// Fires when   scale, bias, mean and var are constants; into Conv, ConvTranspose or MatMul (of rank 2) when that has
///              constant weights and no other reader
/// Numeric      a and s in double, each new weight rounded once: within 2 units in the last place of every product
#include "ops/arithmetic.h"
#include "ops/normalization.h"
#include "passes/contraction.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "tensor/number.h"

#include <cmath>

namespace bolide {
namespace {

struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

std::optional<Affine> affine_of(const Graph& graph, const Node& node) {
  std::array<std::vector<double>, 4> parameters;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor* constant = graph.constant(node.inputs[i + 1]);
    auto numbers = constant != nullptr ? to_f64(*constant) : Result<std::vector<double>>(Error{});
    if (!numbers || numbers->size() != (i == 0 ? numbers->size() : parameters[0].size())) return std::nullopt;
    parameters[i] = *std::move(numbers);
  }
  const auto& [scale, bias, mean, variance] = parameters;
  Affine out;
  for (std::size_t c = 0; c < scale.size(); ++c) {
    const double epsilon = static_cast<double>(node.op.as<BatchNormalization>()->epsilon);
    out.scale.push_back(scale[c] / std::sqrt(variance[c] + epsilon));
    out.shift.push_back(bias[c] - mean[c] * out.scale[c]);
  }
  return out;
}

/// [c, 1, ...] so that it broadcasts along axis 1 of a tensor of that rank.
Result<Tensor> along_channels(const std::vector<double>& numbers, int rank, DataType type) {
  Dims dims(static_cast<std::size_t>(std::max(rank - 1, 1)), 1);
  dims.front() = static_cast<std::int64_t>(numbers.size());
  return cast(Tensor::of<double>(numbers, dims), type);
}

Result<std::optional<Patch>> fold(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const auto affine = affine_of(graph, node);
  const TensorType type = graph.value(node.inputs[0]).type;
  if (!affine || affine->scale.empty() || type.rank() < 2) return std::optional<Patch>();
  Patch patch(graph, id);
  const auto before = sole_contraction(graph, node.inputs[0]);
  if (before && before->channel_axis(type.rank()) == 1 &&
      before->out_channels == static_cast<std::int64_t>(affine->scale.size())) {
    TRY(const ValueId result, with_output_affine(graph, patch, *before, affine->scale, affine->shift));
    patch.replace(node.outputs.front(), result);
    return std::optional<Patch>(std::move(patch));
  }
  TRY(Tensor scale, along_channels(affine->scale, type.rank(), type.dtype));
  TRY(Tensor shift, along_channels(affine->shift, type.rank(), type.dtype));
  const std::string name = node.name;
  TRY(const ValueId scaled, patch.add(Mul{}, {node.inputs[0], patch.constant(name + ".scale", std::move(scale))}));
  TRY(const ValueId result, patch.add(Add{}, {scaled, patch.constant(name + ".shift", std::move(shift))}));
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

}  // namespace

Result<int> fold_batch_norm(Graph& graph) { return rewrite_each<BatchNormalization>(graph, fold); }

}  // namespace bolide
