#include "passes/sizes.h"

#include "ops/reshape.h"

#include <algorithm>

namespace bolide {

std::optional<Dims> reshape_sizes(const Shape& from, const Shape& to) {
  Dims out;
  bool has_rest = false;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto number = to[i].constant();
    if (number && *number != 0) {
      out.push_back(*number);
    } else if (i < from.size() && from[i] == to[i]) {
      out.push_back(0);
    } else if (!number && !has_rest) {
      out.push_back(-1);
      has_rest = true;
    } else {
      return std::nullopt;
    }
  }
  // What is left over is only defined where no other size can be zero.
  if (has_rest && std::find(to.begin(), to.end(), Dim(0)) != to.end()) return std::nullopt;
  return out;
}

Result<std::optional<ValueId>> add_reshape(const Graph& graph, Patch& patch, ValueId x, ValueId to) {
  const TensorType type = graph.value(to).type;
  const auto sizes = reshape_sizes(graph.value(x).type.shape, type.shape);
  if (!sizes) return std::optional<ValueId>();
  const ValueId constant = patch.constant("sizes", sizes_tensor(*sizes));
  TRY(const ValueId result, patch.add(Reshape{}, {x, constant}));
  // A rest that inference cannot divide out is better left as it was written.
  if (!(graph.value(result).type == type)) return std::optional<ValueId>();
  return std::optional(result);
}

bool may_be_narrower(const Graph& graph, const Node& node, std::size_t index) {
  Shape rest;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (i == index) continue;
    auto both = broadcast(rest, graph.value(node.inputs[i]).type.shape);
    if (!both) return false;
    rest = *std::move(both);
  }
  const Shape& part = graph.value(node.inputs[index]).type.shape;
  if (!(rest == graph.value(node.outputs.front()).type.shape) || part.size() > rest.size()) return false;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const Dim& size = part[part.size() - 1 - i];
    if (!(size == Dim(1)) && !(size == rest[rest.size() - 1 - i])) return false;
  }
  return true;
}

}  // namespace bolide
