/// Who writes and reads what in a step graph, and the problem that a step is when values lie in given orders.
#pragma once

#include "backend/problem.h"
#include "plan/layout.h"
#include "plan/sizes.h"

namespace bolide {

/// Who writes and who reads each value.
struct Flow {
  explicit Flow(const StepGraph& graph);
  std::vector<int> producer;              ///< step by value; kNone for inputs and constants
  std::vector<std::vector<int>> readers;  ///< steps by value, as often as they read it
};

/// A value as the step that writes it leaves it: dense in its order. Constants and what is known by the sizes are
/// row-major.
Operand written_operand(const StepGraph& graph, const Sizes& sizes, const std::vector<Order>& orders, int value);

/// Problem of a step when values lie in the given orders (concatenations taken as dense).
Problem problem_of(const StepGraph& graph, const Flow& flow, const Sizes& sizes, const std::vector<Order>& orders,
                   int step, int threads);

/// Moving a value into another layout, as steps between layouts do it.
Problem copy_problem(Operand from, Dims to_strides, int threads);

}  // namespace bolide
