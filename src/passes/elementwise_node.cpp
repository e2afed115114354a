#include "passes/elementwise_node.h"

#include "ops/fused_elementwise.h"
#include "ops/quantize.h"
#include "passes/quantization.h"

#include <algorithm>

namespace bolide {
namespace {

using Arg = ExprBuilder::Arg;

DataType dtype_of_value(const Graph& graph, ValueId id) { return graph.value(id).type.dtype; }

bool is_real_type(DataType type) {
  return type == DataType::kF32 || type == DataType::kF64 || type == DataType::kF16 || type == DataType::kBF16;
}

bool plain_types(const Graph& graph, const Node& node, DataType real) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    const DataType type = dtype_of_value(graph, id);
    return type == real || type == DataType::kBool;
  });
}

bool fused_types(const Graph& graph, const Node& node, DataType real) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    const DataType type = dtype_of_value(graph, id);
    return type == real || type == DataType::kBool || integer_range(type).has_value();
  });
}

/// One number, or one a slice along the axis of a tensor of that rank.
Arg parameter(ExprBuilder& builder, std::span<const float> numbers, int axis, int rank) {
  if (numbers.size() == 1) return f32_number(numbers[0]);
  return builder.constant(along_axis(numbers, axis, rank));
}

Arg append_quantization(const Graph& graph, const Node& node, Arg x, ExprBuilder& builder) {
  const Quantization q = *quantization_of(graph, node);
  const int rank = graph.value(node.inputs[0]).type.rank();
  const bool zero = std::any_of(q.zeros.begin(), q.zeros.end(), [](double z) { return z != 0; });
  std::vector<float> zeros(q.zeros.begin(), q.zeros.end());
  if (std::equal(zeros.begin() + 1, zeros.end(), zeros.begin())) zeros.resize(1);
  const Arg scale = parameter(builder, q.scales, q.axis, rank);
  if (node.op.is<QuantizeLinear>()) {
    const Arg rounded = builder.push(Fn::kRound, builder.push(Fn::kDiv, x, scale));
    return zero ? builder.push(Fn::kAdd, rounded, parameter(builder, zeros, q.axis, rank)) : rounded;
  }
  if (zero) x = builder.push(Fn::kSub, x, parameter(builder, zeros, q.axis, rank));
  return builder.push(Fn::kMul, x, scale);
}

}  // namespace

DataType real_type(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const DataType result = dtype_of_value(graph, node.outputs[0]);
  if (is_real_type(result)) return result;
  for (const ValueId input : node.inputs) {
    if (input != kNoValue && is_real_type(dtype_of_value(graph, input))) return dtype_of_value(graph, input);
  }
  return DataType::kF32;
}

bool is_elementwise(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.outputs.size() != 1 || node.outputs[0] == kNoValue) return false;
  if (std::find(node.inputs.begin(), node.inputs.end(), kNoValue) != node.inputs.end()) return false;
  if (node.op.is<QuantizeLinear>() || node.op.is<DequantizeLinear>()) {
    return quantization_of(graph, node).has_value();
  }
  const DataType result = dtype_of_value(graph, node.outputs[0]);
  const DataType real = real_type(graph, id);
  if (node.op.is<Elementwise>()) {
    const bool storable = is_real_type(result) || integer_range(result).has_value();
    return storable && fused_types(graph, node, real);
  }
  const bool storable = is_real_type(result) || result == DataType::kBool;
  return storable && node.op.expression().has_value() && plain_types(graph, node, real);
}

bool is_free_load(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return node.op.is<DequantizeLinear>() && quantization_of(graph, node).has_value();
}

Arg append_region(const Graph& graph, std::span<const NodeId> region, std::map<ValueId, Arg> known,
                  ExprBuilder& builder) {
  Arg result;
  for (const NodeId id : region) {
    const Node& node = graph.node(id);
    std::vector<Arg> args;
    const bool quantizer = node.op.is<QuantizeLinear>() || node.op.is<DequantizeLinear>();
    for (std::size_t i = 0; i < (quantizer ? 1 : node.inputs.size()); ++i) {
      const auto found = known.find(node.inputs[i]);
      args.push_back(found != known.end() ? found->second : builder.input(node.inputs[i]));
    }
    if (quantizer) {
      result = append_quantization(graph, node, args[0], builder);
    } else {
      const auto* fused = node.op.as<Elementwise>();
      result = builder.apply(fused != nullptr ? fused->expr : *node.op.expression(), args);
    }
    const bool last = id == region.back();
    known[node.outputs[0]] = last ? result : builder.stored(result, dtype_of_value(graph, node.outputs[0]));
  }
  return result;
}

}  // namespace bolide
