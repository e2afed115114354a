/// The passes: graph in, better graph out, the same function. Each returns the number of rewrites, is right with any
/// other pass left out, and is described, with a drawing, in the file of its name. docs/recipes/add-a-pass.md walks
/// through one; pipeline.cpp gives their order.
#pragma once

#include "ir/graph.h"

namespace bolide {

Result<int> fold_dequantized_constants(Graph& graph);
Result<int> fuse_elementwise(Graph& graph);
Result<int> fuse_epilogue(Graph& graph);
Result<int> fuse_integer_contractions(Graph& graph);
Result<int> lower_quantization(Graph& graph);
Result<int> propagate_qdq(Graph& graph);
Result<int> remove_dead_nodes(Graph& graph);

}  // namespace bolide
