/// What the passes that change weights see of Conv, ConvTranspose and MatMul.
#pragma once

#include "ir/graph.h"

namespace bolide {

/// A contraction of floats with constant weights, with a constant bias or none, and nothing after it.
struct Contraction {
  enum class Kind : std::uint8_t { kConv, kConvTranspose, kMatMul };
  Kind kind = Kind::kConv;
  NodeId node = kNoNode;
  ValueId x = kNoValue;
  const Tensor* weights = nullptr;
  const Tensor* bias = nullptr;  ///< null: none
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t groups = 1;
  bool pads_with_zeros = false;  ///< x is padded before the sums

  DataType dtype() const { return weights->dtype(); }
  /// The axis of channels in a result, or an x, of that rank.
  int channel_axis(int rank) const { return kind == Kind::kMatMul ? rank - 1 : 1; }
  /// Channels that element `i` of the weights, flattened, reads and adds to.
  std::int64_t in_channel(std::int64_t i) const;
  std::int64_t out_channel(std::int64_t i) const;
};

/// The contraction that the node is, if it is such a one.
std::optional<Contraction> contraction_of(const Graph& graph, NodeId id);
/// The same for the producer of a value that nothing else reads.
std::optional<Contraction> sole_contraction(const Graph& graph, ValueId value);

/// A constant as one number a channel, when it broadcasts against `shape` so that only the size of `axis` matters; a
/// single number gives one element. Nothing when it would change the shape.
std::optional<std::vector<double>> per_channel(const Graph& graph, ValueId constant, const Shape& shape, int axis);

/// Adds the contraction with other numbers to the patch and returns its result. `weights` as many as before; an empty
/// `bias` means none. Both are rounded to the weights' dtype.
Result<ValueId> with_weights(const Graph& graph, Patch& patch, const Contraction& contraction,
                             const std::vector<double>& weights, const std::vector<double>& bias);
/// result * scale + shift folded in; each one number or one a channel. Computed in double, rounded once.
Result<ValueId> with_output_affine(const Graph& graph, Patch& patch, const Contraction& contraction,
                                   const std::vector<double>& scale, const std::vector<double>& shift);
/// The contraction of x * scale + shift; shift must be all zero when x is padded.
Result<ValueId> with_input_affine(const Graph& graph, Patch& patch, const Contraction& contraction, ValueId x,
                                  const std::vector<double>& scale, const std::vector<double>& shift);

}  // namespace bolide
