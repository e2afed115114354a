/// Which nodes are elementwise work that fuses, and writing a set of them as one expression.
///
/// Elementwise are operators with an expression over floats of one type and bools, Elementwise itself, and
/// QuantizeLinear and DequantizeLinear with constant scales. Between two of them a value is not rounded to its type any
/// more when that is a 16-bit float; integers keep their rounding and saturation, as steps.
#pragma once

#include "passes/expr_builder.h"

#include <map>

namespace bolide {

/// True when `id` computes float (or bool, or 8- and 16-bit integer) results of floats and such values, element by
/// element, so that append_elementwise() can write it.
bool is_elementwise(const Graph& graph, NodeId id);
/// The float type that the node works in: of its result, else of its inputs. f32 when it has neither.
DataType real_type(const Graph& graph, NodeId id);
/// True for DequantizeLinear of integers of up to 16 bits: so cheap, and its input so much smaller than its result,
/// that each reader does it for itself.
bool is_free_load(const Graph& graph, NodeId id);

/// Appends the nodes `region`, in topological order, to the builder; `known` gives the arguments of values made outside
/// it (others become inputs). Returns the last node's result, not yet stored in its type.
ExprBuilder::Arg append_region(const Graph& graph, std::span<const NodeId> region,
                               std::map<ValueId, ExprBuilder::Arg> known, ExprBuilder& builder);

}  // namespace bolide
