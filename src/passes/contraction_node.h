/// One view of Conv, ConvTranspose and MatMul: what stands after the sums of products.
#pragma once

#include "ir/graph.h"

namespace bolide {

struct ContractionView {
  Expr epilogue;                  ///< over the accumulator and the node's inputs from index 3 on
  DataType out = DataType::kF32;  ///< dtype of the result
  int channel_axis = -1;          ///< of the result, along which the bias runs; -1: there is none (a vector b)
};

/// Nothing for other operators.
std::optional<ContractionView> contraction_view(const Graph& graph, NodeId id);
/// The operator with another epilogue and result dtype.
Op with_epilogue(const Op& op, Expr epilogue, DataType out);
/// The node's first three inputs (kNoValue where left out) followed by `extra`.
std::vector<ValueId> contraction_inputs(const Node& node, std::span<const ValueId> extra);
/// The numbers of a constant that has one for each of `count` channels along `axis` of a result of `rank` dims and is
/// the same along every other; as a tensor of rank 1. Nothing for other constants and values.
std::optional<Tensor> channel_vector(const Graph& graph, ValueId id, int axis, int rank, const Dim& count);

}  // namespace bolide
