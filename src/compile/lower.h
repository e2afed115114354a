/// The compiler's graph as the runtime's step graph.
#pragma once

#include "ir/graph.h"
#include "plan/step_graph.h"

namespace bolide {

/// Nodes in running order, values that something reads, constants once each. Errors: what check() finds.
Result<std::shared_ptr<const StepGraph>> lower(const Graph& graph);

}  // namespace bolide
