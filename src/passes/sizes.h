/// Canonical size inputs of Reshape and its kin: constants, where the result's sizes can be said without arithmetic.
#pragma once

#include "ir/graph.h"

namespace bolide {

/// The sizes input of a Reshape (allowzero false) that takes `from` to `to`: numbers; 0 where a named size stands at
/// the same place; -1 for at most one other. Nothing when that cannot say it.
std::optional<Dims> reshape_sizes(const Shape& from, const Shape& to);

/// Adds a Reshape of `x` to the type of `to` to the patch. Nothing when its sizes cannot be a constant.
Result<std::optional<ValueId>> add_reshape(const Graph& graph, Patch& patch, ValueId x, ValueId to);

/// Whether the elementwise node's result keeps its sizes when input `index` has fewer axes or sizes of 1: the others
/// broadcast to the result's sizes, and this input has no size beyond them.
bool may_be_narrower(const Graph& graph, const Node& node, std::size_t index);

/// An i64 tensor of rank 1.
inline Tensor sizes_tensor(const Dims& sizes) { return Tensor::of<std::int64_t>(sizes); }

}  // namespace bolide
