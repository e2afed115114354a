#include "passes/quantization.h"

#include "ops/quantize.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

bool is_code(DataType type, bool wide) {
  return type == DataType::kU8 || type == DataType::kI8 || type == DataType::kU16 || type == DataType::kI16 ||
         (wide && type == DataType::kI32);
}

}  // namespace

std::optional<Quantization> quantization_of(const Graph& graph, const Node& node, bool wide) {
  const auto* quantize = node.op.as<QuantizeLinear>();
  const auto* dequantize = node.op.as<DequantizeLinear>();
  if (quantize == nullptr && dequantize == nullptr) return std::nullopt;
  if ((quantize != nullptr ? quantize->block_size : dequantize->block_size) != 0) return std::nullopt;
  const TensorType& from = graph.value(node.inputs[0]).type;
  const DataType to = quantize != nullptr ? quantize->out : dequantize->out;
  const DataType real = quantize != nullptr ? from.dtype : to;
  const DataType code = quantize != nullptr ? to : from.dtype;
  if (real != DataType::kF32 || !is_code(code, wide && dequantize != nullptr)) return std::nullopt;

  const Tensor* scale = graph.constant(node.inputs[1]);
  const bool has_zero = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  const Tensor* zero = has_zero ? graph.constant(node.inputs[2]) : nullptr;
  if (scale == nullptr || scale->dtype() != DataType::kF32 || (has_zero && zero == nullptr)) return std::nullopt;
  Quantization out;
  out.codes = code;
  out.scales.assign(scale->span<float>().begin(), scale->span<float>().end());
  const bool usable =
      std::all_of(out.scales.begin(), out.scales.end(), [](float s) { return std::isnormal(s) && s > 0; });
  if (out.scales.empty() || !usable) return std::nullopt;
  out.zeros.assign(out.scales.size(), 0);
  if (zero != nullptr) {
    auto zeros = to_f64(*zero);
    if (!zeros || zeros->size() != out.scales.size()) return std::nullopt;
    out.zeros = *std::move(zeros);
  }
  if (!out.per_tensor()) {
    const std::int64_t axis = quantize != nullptr ? quantize->axis : dequantize->axis;
    out.axis = static_cast<int>(axis < 0 ? axis + from.rank() : axis);
    if (out.axis < 0 || out.axis >= from.rank()) return std::nullopt;
  }
  return out;
}

std::optional<Quantization> dequantized_from(const Graph& graph, ValueId value, bool wide) {
  const Node* producer = graph.producer(value);
  if (producer == nullptr || !producer->op.is<DequantizeLinear>()) return std::nullopt;
  return quantization_of(graph, *producer, wide);
}

Tensor along_axis(std::span<const float> numbers, int axis, int rank) {
  Dims dims(static_cast<std::size_t>(rank - axis), 1);
  dims[0] = static_cast<std::int64_t>(numbers.size());
  return Tensor::of(numbers, dims);
}

}  // namespace bolide
