/// fold-sizes: operators whose result's sizes are known read no computed sizes.
///
///     x -> Shape -> ... -> sizes; x, sizes -> Resize     =>   x -> Resize(scales [1,1,2,2])
///     x [batch, 4, 7, 8], [batch, 4, 9, 9] -> Resize     =>   x -> Resize(sizes [9,9] of axes 2 and 3)
///     x, [1, 3, computed] -> Expand                      =>   x -> Expand([1, 3, 1])   where x has that size already
///     x, 0, computed -> Slice                            =>   x, 0, max -> Slice       where it ends at the end
///     x -> Shape -> Gather -> ... -> sizes [batch, 1, 8] =>   input -> Shape[0:1] -> Concat(., [1, 8]) -> sizes
///
/// Fires when   named sizes are those of x, or whole multiples of them for Resize, or all sizes that change are
/// numbers; Reshape is merge-reshapes' work;
///              sizes that must be computed are built from the graph's inputs where those have them
/// Exact        the same positions are read: a whole scale is out / in
#include "ops/axis.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/fill.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/shape.h"
#include "ops/slice.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/sizes.h"

#include <algorithm>
#include <limits>

namespace bolide {
namespace {

using Rewrite = Result<std::optional<Patch>>;

bool is_computed(const Graph& graph, const Node& node, std::size_t index) {
  return index < node.inputs.size() && node.inputs[index] != kNoValue && graph.constant(node.inputs[index]) == nullptr;
}

/// Replaces input `index` by a constant; only a result of the same type counts.
Rewrite with_input(Graph& graph, NodeId id, Op op, std::size_t index, Tensor tensor) {
  const Node node = graph.node(id);
  Patch patch(graph, id);
  std::vector<ValueId> inputs = node.inputs;
  inputs[index] = patch.constant("sizes", std::move(tensor));
  TRY(const ValueId result, patch.add(std::move(op), std::move(inputs)));
  if (!(graph.value(result).type == graph.value(node.outputs.front()).type)) return std::optional<Patch>();
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

/// Resize of the axes alone whose size changes, to numbers; of the others x has the named sizes already.
Rewrite resize_to_numbers(Graph& graph, NodeId id, std::span<const std::size_t> places) {
  const Node node = graph.node(id);
  Resize op = *node.op.as<Resize>();
  // (i + 0.5) is no place of x also where the scale is 1.
  if (op.coordinates == ResizeCoordinates::kTfHalfPixelForNn) return std::optional<Patch>();
  const Shape& in = graph.value(node.inputs[0]).type.shape;
  const Shape& out = graph.value(node.outputs.front()).type.shape;
  Dims sizes;
  op.axes.clear();
  for (const std::size_t axis : places) {
    if (in[axis] == out[axis]) continue;
    const auto number = out[axis].constant();
    if (!number) return std::optional<Patch>();
    op.axes.push_back(static_cast<std::int64_t>(axis));
    sizes.push_back(*number);
  }
  if (sizes.empty()) return std::optional<Patch>();
  return with_input(graph, id, op, 3, sizes_tensor(sizes));
}

Rewrite resize(Graph& graph, NodeId id) {
  constexpr std::size_t kScales = 2;
  constexpr std::size_t kSizes = 3;
  const Node node = graph.node(id);
  const Resize op = *node.op.as<Resize>();
  if (!is_computed(graph, node, kSizes) || op.aspect != ResizeAspect::kStretch ||
      op.coordinates == ResizeCoordinates::kTfCropAndResize) {
    return std::optional<Patch>();
  }
  const Shape in = graph.value(node.inputs[0]).type.shape;
  const Shape out = graph.value(node.outputs.front()).type.shape;
  std::vector<std::int64_t> axes = op.axes;
  for (std::size_t i = 0; op.axes.empty() && i < in.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  TRY(const std::vector<std::size_t> places, normalize_axes(axes, static_cast<int>(in.size())));
  std::vector<float> scales;
  for (const std::size_t axis : places) {
    const auto scale = Dim::exact_div(out[axis], in[axis]);
    const std::int64_t whole = scale ? scale->constant().value_or(0) : 0;
    if (whole < 1 || whole > 1 << 20) return resize_to_numbers(graph, id, places);
    scales.push_back(static_cast<float>(whole));
  }
  Patch patch(graph, id);
  const ValueId constant = patch.constant("scales", Tensor::of<float>(scales));
  std::vector<ValueId> inputs = {node.inputs[0], kNoValue, kNoValue};
  inputs[kScales] = constant;
  TRY(const ValueId result, patch.add(op, std::move(inputs)));
  if (!(graph.value(result).type == graph.value(node.outputs.front()).type)) return std::optional<Patch>();
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

Rewrite expand(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (!is_computed(graph, node, 1)) return std::optional<Patch>();
  const Shape in = graph.value(node.inputs[0]).type.shape;
  const Shape out = graph.value(node.outputs.front()).type.shape;
  Dims sizes;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t missing = out.size() - in.size();
    if (const auto number = out[i].constant()) {
      sizes.push_back(*number);
    } else if (i >= missing && in[i - missing] == out[i]) {
      sizes.push_back(1);
    } else {
      return std::optional<Patch>();
    }
  }
  return with_input(graph, id, Expand{}, 1, sizes_tensor(sizes));
}

/// Ends that are the size of their axis.
Rewrite slice(Graph& graph, NodeId id) {
  constexpr std::size_t kEnds = 2;
  const Node node = graph.node(id);
  const Shape shape = graph.value(node.inputs[0]).type.shape;
  if (!is_computed(graph, node, kEnds) || is_computed(graph, node, 3) || is_computed(graph, node, 4)) {
    return std::optional<Patch>();
  }
  const auto ends = graph.value(node.inputs[kEnds]).contents;
  if (!ends) return std::optional<Patch>();
  Dims axes;
  if (node.inputs.size() > 3 && node.inputs[3] != kNoValue) {
    TRY(axes, to_i64(*graph.constant(node.inputs[3])));
  }
  if (node.inputs.size() > 4 && node.inputs[4] != kNoValue) {
    TRY(const Dims steps, to_i64(*graph.constant(node.inputs[4])));
    for (const std::int64_t step : steps) {
      if (step < 1) return std::optional<Patch>();
    }
  }
  Dims numbers;
  for (std::size_t i = 0; i < ends->size(); ++i) {
    TRY(const std::size_t axis,
        normalize_axis(i < axes.size() ? axes[i] : static_cast<std::int64_t>(i), static_cast<int>(shape.size())));
    if (const auto number = (*ends)[i].constant()) {
      numbers.push_back(*number);
    } else if ((*ends)[i] == shape[axis]) {
      numbers.push_back(std::numeric_limits<std::int64_t>::max());
    } else {
      return std::optional<Patch>();
    }
  }
  Tensor tensor = sizes_tensor(numbers);
  if (graph.value(node.inputs[kEnds]).type.dtype != DataType::kI64) return std::optional<Patch>();
  return with_input(graph, id, Slice{}, kEnds, std::move(tensor));
}

/// Where a graph input has that size.
std::optional<std::pair<ValueId, std::int64_t>> place_of(const Graph& graph, const Dim& size) {
  for (const ValueId input : graph.inputs()) {
    const Shape& shape = graph.value(input).type.shape;
    const auto found = std::find(shape.begin(), shape.end(), size);
    if (found != shape.end()) return std::pair(input, static_cast<std::int64_t>(found - shape.begin()));
  }
  return std::nullopt;
}

bool is_graph_input(const Graph& graph, ValueId value) {
  const auto inputs = graph.inputs();
  return std::find(inputs.begin(), inputs.end(), value) != inputs.end();
}

/// A constant, a graph input's sizes, or those joined: what `rebuild` makes.
bool is_built(const Graph& graph, ValueId value) {
  if (graph.constant(value) != nullptr) return true;
  const Node* node = graph.producer(value);
  if (node == nullptr) return true;
  if (node->op.is<ShapeOf>()) return is_graph_input(graph, node->inputs[0]);
  return node->op.is<Concat>() && std::all_of(node->inputs.begin(), node->inputs.end(), [&](ValueId part) {
           const Node* inner = graph.producer(part);
           return graph.constant(part) != nullptr ||
                  (inner != nullptr && inner->op.is<ShapeOf>() && is_graph_input(graph, inner->inputs[0]));
         });
}

/// The sizes that the node reads at `index`, from the graph's inputs.
Rewrite rebuild(Graph& graph, NodeId id, std::size_t index) {
  const ValueId sizes = graph.node(id).inputs[index];
  const Value value = graph.value(sizes);
  if (!value.contents || value.contents->empty() || value.type.rank() != 1 || value.type.dtype != DataType::kI64 ||
      is_built(graph, sizes) || graph.is_output(sizes)) {
    return std::optional<Patch>();
  }
  Patch patch(graph, graph.value(sizes).producer);
  std::vector<ValueId> parts;
  Dims numbers;
  const auto end_numbers = [&] {
    if (!numbers.empty()) parts.push_back(patch.constant("sizes", sizes_tensor(numbers)));
    numbers.clear();
  };
  for (const Dim& size : *value.contents) {
    if (const auto number = size.constant()) {
      numbers.push_back(*number);
      continue;
    }
    const auto place = place_of(graph, size);
    if (!place) return std::optional<Patch>();
    end_numbers();
    TRY(const ValueId part, patch.add(ShapeOf{place->second, place->second + 1}, {place->first}));
    parts.push_back(part);
  }
  end_numbers();
  ValueId result = parts.front();
  if (parts.size() > 1) {
    TRY(result, patch.add(Concat{.axis = 0}, std::move(parts)));
  }
  patch.replace(sizes, result);
  return std::optional<Patch>(std::move(patch));
}

Rewrite without_sizes(Graph& graph, NodeId id) {
  const Op op = graph.node(id).op;
  if (op.is<Resize>()) return resize(graph, id);
  if (op.is<Expand>()) return expand(graph, id);
  if (op.is<Slice>()) return slice(graph, id);
  return std::optional<Patch>();
}

Rewrite rule(Graph& graph, NodeId id) {
  const Op op = graph.node(id).op;
  TRY(std::optional<Patch> found, without_sizes(graph, id));
  if (found) return found;
  if (op.is<ConstantOfShape>()) return rebuild(graph, id, 0);
  if (op.is<Expand>() || op.is<Reshape>() || op.is<Tile>()) return rebuild(graph, id, 1);
  if (op.is<Resize>() && is_computed(graph, graph.node(id), 3)) return rebuild(graph, id, 3);
  return std::optional<Patch>();
}

}  // namespace

Result<int> fold_sizes(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
