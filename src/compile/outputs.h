/// Which values of a network are its outputs.
#pragma once

#include "ir/graph.h"

namespace bolide {

/// Keeps the named values as extra outputs; "all" keeps every value that a node computes.
/// Errors: NotFound with the name.
Status mark_outputs(Graph& graph, std::span<const std::string> names);
/// Makes the named values the only outputs, in that order. Errors: NotFound with the name.
Status cut_at(Graph& graph, std::span<const std::string> names);

}  // namespace bolide
