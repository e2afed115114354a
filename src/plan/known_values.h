/// Shape arithmetic at planning time: once the sizes are numbers, what is computed from them alone is known, too.
#pragma once

#include "plan/sizes.h"

namespace bolide {

/// Results of steps that read sizes (Shape, Size), constants and other such results only, by value: those of pure
/// operators on tensors, of at most 256 KiB, that take no long work. A step whose results are all there needs not run.
/// `names` are those of all sizes that can be known. Errors: what inference says of sizes that do not fit.
Result<std::map<int, Tensor>> known_values(const StepGraph& graph, const DimBindings& names);

/// `names` with those that such values decide: of the result of a Pad by computed pads, a Resize to computed sizes.
/// Errors: as known_values().
Result<DimBindings> with_decided_names(const StepGraph& graph, const DimBindings& names);
/// The same before any number is known: names that are known once those in `told` are, these included.
std::set<std::string> decided_names(const StepGraph& graph, std::set<std::string> told);

/// Whether every result of the step is one of them.
bool is_known(const StepGraph::Step& step, const Sizes& sizes);

/// Of those, the ones that kernels may build on as on constants: at most 64 elements, so that what is packed from them
/// for each shape stays small.
inline constexpr std::int64_t kMostBuiltOn = 64;

}  // namespace bolide
