#include "passes/contraction_node.h"

#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/matmul.h"

#include <algorithm>

namespace bolide {
namespace {

template <class T>
Op changed(const T& op, Expr epilogue, DataType out) {
  T copy = op;
  copy.epilogue = std::move(epilogue);
  copy.out = out;
  return copy;
}

}  // namespace

std::optional<ContractionView> contraction_view(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (const auto* conv = node.op.as<Conv>()) return ContractionView{conv->epilogue, conv->out, 1};
  if (const auto* conv = node.op.as<ConvTranspose>()) return ContractionView{conv->epilogue, conv->out, 1};
  if (const auto* product = node.op.as<MatMul>()) {
    const int rank = graph.value(node.outputs[0]).type.rank();
    const bool vector = graph.value(node.inputs[1]).type.rank() < 2;
    return ContractionView{product->epilogue, product->out, vector ? -1 : rank - 1};
  }
  return std::nullopt;
}

Op with_epilogue(const Op& op, Expr epilogue, DataType out) {
  if (const auto* conv = op.as<Conv>()) return changed(*conv, std::move(epilogue), out);
  if (const auto* conv = op.as<ConvTranspose>()) return changed(*conv, std::move(epilogue), out);
  if (const auto* product = op.as<MatMul>()) return changed(*product, std::move(epilogue), out);
  return op;
}

std::vector<ValueId> contraction_inputs(const Node& node, std::span<const ValueId> extra) {
  std::vector<ValueId> inputs = node.inputs;
  inputs.resize(extra.empty() ? std::min<std::size_t>(inputs.size(), 3) : 3, kNoValue);
  inputs.insert(inputs.end(), extra.begin(), extra.end());
  return inputs;
}

std::optional<Tensor> channel_vector(const Graph& graph, ValueId id, int axis, int rank, const Dim& count) {
  const Tensor* tensor = graph.constant(id);
  if (tensor == nullptr || axis < 0 || tensor->rank() > rank) return std::nullopt;
  const int lead = rank - tensor->rank();
  for (int i = 0; i < tensor->rank(); ++i) {
    const std::int64_t size = tensor->dims()[static_cast<std::size_t>(i)];
    if (i + lead == axis ? Dim(size) != count : size != 1) return std::nullopt;
  }
  if (axis < lead || !count.is_constant()) return std::nullopt;
  auto vector = tensor->reshaped({tensor->count()});
  if (!vector) return std::nullopt;
  return *std::move(vector);
}

}  // namespace bolide
