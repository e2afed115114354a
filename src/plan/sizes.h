/// Named dims resolved for one call: the size of every value.
#pragma once

#include "plan/step_graph.h"

namespace bolide {

struct Sizes {
  DimBindings names;
  std::vector<Dims> dims;  ///< by value; empty vector with known[i] == false where only the data decide
  std::vector<bool> known;
  bool all_known = true;
};

/// Binds the names of the graph's inputs to the given sizes and evaluates every shape.
/// Errors: InvalidArgument naming the input, with the size asked and the size the graph says, when they disagree or
/// when one name would get two values; when a size comes out negative.
Result<Sizes> resolve_sizes(const StepGraph& graph, std::span<const Dims> inputs);

}  // namespace bolide
