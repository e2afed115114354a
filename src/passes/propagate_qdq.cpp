/// propagate-qdq: DequantizeLinear moves down and QuantizeLinear up until they meet the operators that compute.
///
///     q -> DQ -> Reshape -> y            =>   q -> Reshape -> DQ -> y
///     x -> MaxPool -> Q -> y             =>   x -> Q -> MaxPool -> y
///     q1 -> DQ -> Concat -> y            =>   q1 -> Concat -> DQ -> y        (with a scale for each slice, where they
///     q2 -> DQ --/                            q2 --/                          differ)
///     x1 -> Concat -> Q -> y             =>   x1 -> Q -> Concat -> y
///     x2 --/                                  x2 -> Q --/
///     q -> DQ -> Q -> y                  =>   q -> y                         (equal parameters)
///     x -> Relu -> Q -> y                =>   x -> Q -> y                    (Q cuts off as much)
///
/// Fires when   the operator between only moves elements, or is MaxPool over 8-bit integers or a nearest Resize; scales
///              are constant and one for the tensor (through Transpose also one a slice). QuantizeLinear moves up when
///              all that read the operator's results are such nodes with equal parameters; above Concat when its
///              inputs have such codes, or can be rounded to them where they are made.
/// Exact        moving elements and rounding them commute; rounding is monotone, so that the largest of the rounded is
///              the rounded largest. DQ followed by Q with equal parameters gives back the code: (q - z) * s / s is
///              within 2^-22 of a whole number below 2^16. DQ(Q(x)) is a rounding and stays. NaN, which Relu keeps and
///              Q makes 0, is not looked after.
#include "ops/activation.h"
#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/identity.h"
#include "ops/pool.h"
#include "ops/quantize.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/shape.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "passes/expr_builder.h"
#include "passes/passes.h"
#include "passes/quantization.h"
#include "passes/rewrite.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide {
namespace {

using Rewrite = Result<std::optional<Patch>>;

constexpr std::int64_t kMostSlices = 1 << 20;  // of one joined tensor

bool is_byte(DataType type) { return type == DataType::kU8 || type == DataType::kI8; }

/// Whether the node's results are elements of its first input, so that codes pass through as numbers do.
bool carries(const Node& node, DataType codes) {
  if (node.inputs.empty() || !node.subgraphs.empty()) return false;
  if (std::find(node.outputs.begin(), node.outputs.end(), kNoValue) != node.outputs.end()) return false;
  if (node.op.is<MaxPool>()) return node.outputs.size() == 1 && is_byte(codes);
  if (const auto* resize = node.op.as<Resize>()) {
    return resize->mode == ResizeMode::kNearest && resize->coordinates != ResizeCoordinates::kTfCropAndResize;
  }
  return node.op.info().view || node.op.is<Gather>();
}

/// The axis of the node's result that axis `axis` of its input becomes; -1 when it does not stay one.
int carried_axis(const Graph& graph, const Node& node, int axis) {
  if (node.op.is<Identity>()) return axis;
  const auto* transpose = node.op.as<Transpose>();
  if (transpose == nullptr) return -1;
  const auto order = transpose->order(graph.value(node.inputs[0]).type.rank());
  if (!order) return -1;
  const auto found = std::find(order->begin(), order->end(), static_cast<std::size_t>(axis));
  return static_cast<int>(found - order->begin());
}

bool one_pair(const Quantization& q) {
  return std::equal(q.scales.begin() + 1, q.scales.end(), q.scales.begin()) &&
         std::equal(q.zeros.begin() + 1, q.zeros.end(), q.zeros.begin());
}

/// The inputs with another first one.
std::vector<ValueId> with_data(const Node& node, ValueId data) {
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = data;
  return inputs;
}

/// Sizes do not need the numbers.
Rewrite sizes_of_codes(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node node = graph.node(id);
  if (!dequantized_from(graph, node.inputs[0], true)) return none;
  Patch patch(graph, id);
  TRY(const ValueId sizes, patch.add(node.op, with_data(node, graph.producer(node.inputs[0])->inputs[0])));
  patch.replace(node.outputs[0], sizes);
  return std::optional<Patch>(std::move(patch));
}

Rewrite dequantize_later(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node node = graph.node(id);
  const auto quantization = node.inputs.empty() ? std::nullopt : dequantized_from(graph, node.inputs[0]);
  if (!quantization || !carries(node, quantization->codes)) return none;
  const Node load = *graph.producer(node.inputs[0]);
  DequantizeLinear op = *load.op.as<DequantizeLinear>();
  if (!quantization->per_tensor()) {
    op.axis = carried_axis(graph, node, quantization->axis);
    if (op.axis < 0) return none;
  }
  Patch patch(graph, id);
  auto moved = patch.add_node(node.op, with_data(node, load.inputs[0]), node.outputs.size());
  if (!moved) return none;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    TRY(const ValueId real, patch.add(op, with_data(load, (*moved)[i])));
    patch.replace(node.outputs[i], real);
  }
  return std::optional<Patch>(std::move(patch));
}

/// The QuantizeLinear nodes that read the node's results, when nothing else does and all have the same parameters.
std::vector<NodeId> only_quantized(const Graph& graph, const Node& node) {
  std::vector<NodeId> readers;
  std::optional<Quantization> common;
  for (const ValueId output : node.outputs) {
    if (output == kNoValue) continue;
    if (graph.is_output(output)) return {};
    for (const NodeId reader : graph.readers(output)) {
      if (!graph.node(reader).op.is<QuantizeLinear>()) return {};
      const auto quantization = quantization_of(graph, graph.node(reader));
      if (!quantization || !quantization->per_tensor() || (common && !(*common == *quantization))) return {};
      common = quantization;
      readers.push_back(reader);
    }
  }
  return readers;
}

/// Q over a carrier, and over Concat. Cutting off elements after rounding them all would be wasted work.
Rewrite quantize_earlier(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node node = graph.node(id);
  const bool concat = node.op.is<Concat>();
  if (node.op.is<Slice>() || node.op.is<Gather>() || node.inputs.empty()) return none;
  const std::vector<NodeId> readers = only_quantized(graph, node);
  if (readers.empty()) return none;
  const Node store = graph.node(readers.front());
  if (!concat && !carries(node, store.op.as<QuantizeLinear>()->out)) return none;
  Patch patch(graph, id);
  std::vector<ValueId> inputs = node.inputs;
  for (std::size_t i = 0; i < (concat ? inputs.size() : 1); ++i) {
    TRY(inputs[i], patch.add(store.op, with_data(store, inputs[i])));
  }
  auto moved = patch.add_node(node.op, std::move(inputs), node.outputs.size());
  if (!moved) return none;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    for (const NodeId reader : graph.readers(node.outputs[i])) {
      patch.replace(graph.node(reader).outputs[0], (*moved)[i]);
    }
  }
  return std::optional<Patch>(std::move(patch));
}

/// One pair a slice of `axis` for tensors joined along it; nothing when some input is not dequantized like that.
std::optional<Quantization> joined_quantization(const Graph& graph, const Node& node, int axis) {
  Quantization out;
  out.axis = axis;
  for (const ValueId input : node.inputs) {
    const auto from = dequantized_from(graph, input);
    const auto size = graph.value(input).type.shape[static_cast<std::size_t>(axis)].constant();
    if (!from || !size || *size > kMostSlices || (!from->per_tensor() && from->axis != axis)) return std::nullopt;
    if (!out.scales.empty() && from->codes != out.codes) return std::nullopt;
    out.codes = from->codes;
    for (std::size_t i = 0; i < static_cast<std::size_t>(*size); ++i) {
      out.scales.push_back(from->scales[from->per_tensor() ? 0 : i]);
      out.zeros.push_back(from->zeros[from->per_tensor() ? 0 : i]);
    }
  }
  if (out.scales.empty()) return std::nullopt;
  return out;
}

Rewrite concat_dequantized(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node node = graph.node(id);
  const std::int64_t listed = node.op.as<Concat>()->axis;
  const int axis = static_cast<int>(listed < 0 ? listed + graph.value(node.outputs[0]).type.rank() : listed);
  const auto quantization = joined_quantization(graph, node, axis);
  if (!quantization) return none;
  std::vector<ValueId> codes;
  for (const ValueId input : node.inputs) codes.push_back(graph.producer(input)->inputs[0]);
  const Node load = *graph.producer(node.inputs[0]);
  std::vector<float> scales = quantization->scales;
  TRY(Tensor zeros, cast(Tensor::of<double>(quantization->zeros), quantization->codes));
  Patch patch(graph, id);
  TRY(const ValueId joined, patch.add(node.op, std::move(codes)));
  std::vector<ValueId> inputs = with_data(load, joined);
  DequantizeLinear op = *load.op.as<DequantizeLinear>();
  if (!one_pair(*quantization)) {
    op.axis = axis;
    inputs = {joined, patch.constant("scales", Tensor::of<float>(scales)), patch.constant("zeros", std::move(zeros))};
  }
  TRY(const ValueId real, patch.add(op, std::move(inputs)));
  patch.replace(node.outputs[0], real);
  return std::optional<Patch>(std::move(patch));
}

/// Whether the inputs of a Concat whose result is quantized can be rounded to its codes where they are made: they have
/// them already, or nothing else reads what makes them.
bool rounded_at_source(const Graph& graph, const Node& node, const Quantization& wanted) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
    const auto from = dequantized_from(graph, input);
    if (from && *from == wanted) return true;
    return graph.use_count(input) == 1 && (!from || graph.use_count(graph.producer(input)->inputs[0]) == 1);
  });
}

Rewrite concat_of_codes(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const auto first = dequantized_from(graph, node.inputs[0]);
  const bool equal = first && std::all_of(node.inputs.begin(), node.inputs.end(),
                                          [&](ValueId input) { return dequantized_from(graph, input) == first; });
  if (equal) return concat_dequantized(graph, id);
  const std::vector<NodeId> readers = only_quantized(graph, node);
  if (!readers.empty() && rounded_at_source(graph, node, *quantization_of(graph, graph.node(readers.front())))) {
    return quantize_earlier(graph, id);
  }
  TRY(std::optional<Patch> patch, concat_dequantized(graph, id));
  if (patch) return {std::move(patch)};
  return quantize_earlier(graph, id);
}

/// What an activation cuts off, when that is all that it does.
std::optional<std::pair<double, double>> cut(const Node& node) {
  if (node.op.is<Relu>()) return std::pair(0.0, static_cast<double>(std::numeric_limits<float>::infinity()));
  const auto* clip = node.op.as<Clip>();
  if (clip == nullptr || clip->lo > clip->hi) return std::nullopt;
  return std::pair(static_cast<double>(clip->lo), static_cast<double>(clip->hi));
}

/// The code of a number before saturation, as QuantizeLinear computes it.
double code_of(double value, const Quantization& quantization) {
  return static_cast<double>(std::nearbyint(static_cast<float>(value) / quantization.scales[0])) +
         quantization.zeros[0];
}

Rewrite quantize_pair(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node node = graph.node(id);
  const auto quantization = quantization_of(graph, node);
  const Node* producer = graph.producer(node.inputs[0]);
  if (!quantization || producer == nullptr) return none;
  if (const auto from = dequantized_from(graph, node.inputs[0])) {
    if (!(*from == *quantization)) return none;
    return std::optional<Patch>(replaced_by(graph, id, producer->inputs[0]));
  }
  const auto bounds = cut(*producer);
  const auto range = integer_range(quantization->codes);
  if (!bounds || !range || only_quantized(graph, *producer).empty()) return none;
  if (code_of(bounds->first, *quantization) > range->low || code_of(bounds->second, *quantization) < range->high) {
    return none;
  }
  const ValueId x = producer->inputs[0];
  Patch patch(graph, id);
  TRY(const ValueId y, patch.add(node.op, with_data(node, x)));
  patch.replace(node.outputs[0], y);
  return std::optional<Patch>(std::move(patch));
}

Rewrite propagate(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.op.is<QuantizeLinear>()) return quantize_pair(graph, id);
  if (node.op.is<DequantizeLinear>()) return std::optional<Patch>();
  if (node.op.is<ShapeOf>()) return sizes_of_codes(graph, id);
  if (node.op.is<Concat>()) return concat_of_codes(graph, id);
  TRY(std::optional<Patch> patch, dequantize_later(graph, id));
  if (patch) return {std::move(patch)};
  return quantize_earlier(graph, id);
}

}  // namespace

Result<int> propagate_qdq(Graph& graph) {
  int rewrites = 0;
  // Each round moves every node over one operator; a network is finitely deep, and moves go one way only.
  while (true) {
    TRY(const int found, rewrite_all(graph, propagate));
    if (found == 0) return rewrites;
    rewrites += found;
  }
}

}  // namespace bolide
