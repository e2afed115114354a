/// The passes: graph in, better graph out, the same function. Each returns the number of rewrites, is right with any
/// other pass left out, and is described, with a drawing, in the file of its name. docs/recipes/add-a-pass.md walks
/// through one; pipeline.cpp gives their order.
#pragma once

#include "ir/graph.h"

namespace bolide {

Result<int> bound_selections(Graph& graph);
Result<int> cancel_transposes(Graph& graph);
Result<int> canonicalize(Graph& graph);
Result<int> common_subexpressions(Graph& graph);
Result<int> drop_expands(Graph& graph);
Result<int> fold_batch_norm(Graph& graph);
Result<int> fold_constants(Graph& graph);
Result<int> fold_dequantized_constants(Graph& graph);
Result<int> fold_scale(Graph& graph);
Result<int> fold_sizes(Graph& graph);
Result<int> fold_uniform(Graph& graph);
Result<int> fuse_elementwise(Graph& graph);
Result<int> fuse_epilogue(Graph& graph);
Result<int> fuse_integer_contractions(Graph& graph);
Result<int> inline_if(Graph& graph);
Result<int> lower_quantization(Graph& graph);
Result<int> merge_pads(Graph& graph);
Result<int> merge_reshapes(Graph& graph);
Result<int> merge_sibling_contractions(Graph& graph);
Result<int> nest_concats(Graph& graph);
Result<int> propagate_qdq(Graph& graph);
Result<int> recognise_activations(Graph& graph);
Result<int> recognise_attention(Graph& graph);
Result<int> recognise_normalization(Graph& graph);
Result<int> recognise_reductions(Graph& graph);
Result<int> remove_dead_nodes(Graph& graph);
Result<int> remove_identities(Graph& graph);

}  // namespace bolide
