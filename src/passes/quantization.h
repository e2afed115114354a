/// What QuantizeLinear and DequantizeLinear nodes say, when it is known at compile time.
#pragma once

#include "ir/graph.h"

namespace bolide {

/// value = (code - zero) * scale, for the whole tensor or one pair a slice of `axis`.
struct Quantization {
  std::vector<float> scales;  ///< finite and positive; one, or one a slice
  std::vector<double> zeros;  ///< whole numbers; as many as scales
  int axis = -1;              ///< in [0, rank); -1 when there is one scale
  DataType codes = DataType::kU8;

  bool per_tensor() const { return scales.size() == 1; }
  bool operator==(const Quantization&) const = default;
};

/// Of a QuantizeLinear or DequantizeLinear between f32 and integers of 8 or 16 bits (i32, too, where `wide` and
/// dequantizing), with constant f32 scales and without blocks; else nothing.
std::optional<Quantization> quantization_of(const Graph& graph, const Node& node, bool wide = false);
/// The same for the node that produces `value`, when it is a DequantizeLinear.
std::optional<Quantization> dequantized_from(const Graph& graph, ValueId value, bool wide = false);

/// One number a slice of `axis`, shaped to broadcast against a tensor of `rank` dims: [C,1,1] for axis 1 of 4.
Tensor along_axis(std::span<const float> numbers, int axis, int rank);

}  // namespace bolide
