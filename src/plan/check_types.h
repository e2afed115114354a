/// Whether a step graph's types are those that its operators derive: what kernels rely on when they write their
/// outputs.
#pragma once

#include "plan/sizes.h"

namespace bolide {

/// Compares dtypes, ranks and the sizes that are numbers on both sides; bodies included.
/// Errors: BadFile naming the step, what it says and what its operator derives.
Status check_types(const StepGraph& graph);

/// The same with every size a number: no step's declared output differs from what its inputs make it. Sizes that only
/// the data decide are not compared.
Status check_types(const StepGraph& graph, const Sizes& sizes);

}  // namespace bolide
