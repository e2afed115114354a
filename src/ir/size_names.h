/// Names of sizes that only the data decide: when one value takes the place of another, or types are derived anew, what
/// else is sized by a name must follow, also in the bodies that captured it.
#pragma once

#include "ir/graph.h"

#include <map>

namespace bolide {

using SizeNames = std::map<std::string, Dim, std::less<>>;

/// Where a size of `old` is a name, and another one stands there now: the name with what it is now.
SizeNames renamed_sizes(const Shape& old, const Shape& now);

/// Replaces names in the types and contents of all values and of those in bodies; names in the sizes of the graph's
/// inputs stay.
void rename_sizes(Graph& graph, SizeNames names);
/// The same in the bodies of one node.
void rename_sizes_in_bodies(const Graph& graph, Node& node, SizeNames names);

}  // namespace bolide
