/// Sets of elementwise nodes behind a value that leave by one result.
#pragma once

#include "ir/graph.h"

namespace bolide {

/// The smallest set of elementwise nodes that holds all readers of `value` and from which one result leaves, in
/// topological order; empty when there is none. What the set reads besides cannot depend on `value`, as nothing else
/// leaves it. A DequantizeLinear does not end it when all its readers can load the codes themselves.
std::vector<NodeId> closed_region(const Graph& graph, ValueId value);
/// `region` with the DequantizeLinear nodes in front that feed it.
std::vector<NodeId> with_loads(const Graph& graph, std::span<const NodeId> region);

}  // namespace bolide
