/// The step graph evaluated step by step by the operators' own definitions: the specification of an engine, and how
/// networks run whose sizes only the data decide.
#pragma once

#include "plan/step_graph.h"

#include <functional>

namespace bolide {

/// Called with each value as it is computed, in running order.
using ValueObserver = std::function<void(int value, const Tensor& tensor)>;

/// Outputs for the given inputs, in the graph's order. Values are freed after their last reader.
/// Errors: InvalidArgument for wrong dtypes or sizes; what an operator reports, with the step's name.
Result<Tensors> run_reference(const StepGraph& graph, std::span<const Tensor> inputs,
                              const ValueObserver& observe = {});

}  // namespace bolide
