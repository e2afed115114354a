/// Shape arithmetic at planning time: once the sizes are numbers, what is computed from them alone is known, too.
#pragma once

#include "plan/sizes.h"

namespace bolide {

/// Results of steps that read sizes (Shape, Size), constants and other such results only, by value: those of pure
/// operators on tensors, of at most 256 KiB, that take no long work. A step whose results are all there needs not run.
std::map<int, Tensor> known_values(const StepGraph& graph, const Sizes& sizes);

/// Whether every result of the step is one of them.
bool is_known(const StepGraph::Step& step, const Sizes& sizes);

/// Of those, the ones that kernels may build on as on constants: at most 64 elements, so that what is packed from them
/// for each shape stays small.
inline constexpr std::int64_t kMostBuiltOn = 64;

}  // namespace bolide
