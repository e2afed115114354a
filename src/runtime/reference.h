/// The step graph evaluated step by step by the operators' own definitions: the specification of an engine.
#pragma once

#include "plan/step_graph.h"

#include <functional>

namespace bolide {

/// Called with each value as it is computed, in running order.
using ValueObserver = std::function<void(int value, const Tensor& tensor)>;

/// Runs body `index` of a step.
using BodyRunner = std::function<Result<Tensors>(int index, std::span<const Tensor> inputs)>;

/// Outputs of one step by its operator's definition. `values` by value; those that the step reads are there.
Result<Tensors> evaluate_step(const StepGraph::Step& step, std::span<const std::optional<Tensor>> values,
                              const BodyRunner& run_body);

/// Errors: InvalidArgument for dtypes or sizes that the graph does not take.
Status check_inputs(const StepGraph& graph, std::span<const Tensor> inputs);

/// Outputs for the given inputs, in the graph's order. Values are freed after their last reader.
/// Errors: InvalidArgument for wrong dtypes or sizes; what an operator reports, with the step's name.
Result<Tensors> run_reference(const StepGraph& graph, std::span<const Tensor> inputs,
                              const ValueObserver& observe = {});

}  // namespace bolide
