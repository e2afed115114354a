/// Named dims resolved for one call: the size of every value.
#pragma once

#include "plan/step_graph.h"

#include <map>
#include <set>

namespace bolide {

struct Sizes {
  DimBindings names;
  std::vector<Dims> dims;  ///< by value; empty vector with known[i] == false where only the data decide
  std::vector<bool> known;
  bool all_known = true;
  /// Values that follow from the sizes alone, by value: no step computes them. See known_values().
  std::map<int, Tensor> values;

  const Tensor* value(int index) const {
    const auto found = values.find(index);
    return found == values.end() ? nullptr : &found->second;
  }
};

/// Binds the names of the graph's inputs to the given sizes and evaluates every shape.
/// Errors: InvalidArgument naming the input, with the size asked and the size the graph says, when they disagree or
/// when one name would get two values; when a size comes out negative.
Result<Sizes> resolve_sizes(const StepGraph& graph, std::span<const Dims> inputs);
/// The same without Sizes::values.
Result<Sizes> resolve_dims(const StepGraph& graph, std::span<const Dims> inputs);

/// Names that the sizes of the graph's inputs tell: `n` of an input [n], or of [2*n+1], but not of [min(n,9)]; and
/// those of results whose sizes are computed from such sizes (Pad, Resize and their kind).
std::set<std::string> told_names(const StepGraph& graph);
/// Names in the sizes of values, also of those in bodies, that the inputs there do not tell.
std::set<std::string> untold_names(const StepGraph& graph);

/// Sizes of every input, in the graph's order: the given ones, else the declared ones with names taken from the given
/// sizes. Names that nothing says take 1, or, where no value of the network could have a size then, the smallest power
/// of two up to 65536 with which all sizes are positive, or 1 and one or two of them 2 (a length that is the sum of two
/// others). Errors: NotFound for a name that is no input, with those there
/// are; InvalidArgument where a given size differs from a fixed one, or one name would get two sizes.
Result<std::vector<Dims>> complete_sizes(const StepGraph& graph,
                                         const std::vector<std::pair<std::string, Dims>>& given);

}  // namespace bolide
