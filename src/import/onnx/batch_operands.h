/// Operands that a file of one batch size fixes and that must follow where the batch may be any: sizes that name it,
/// and values made for it.
#pragma once

#include "import/onnx/node_view.h"
#include "ir/graph.h"

namespace bolide::onnx {

/// Adapts the inputs of one node, of a graph whose first input begins with `batch` where the file says `size`:
///
///     Resize, AffineGrid, Expand to constant sizes    the size of the batch's axis is the batch's
///     Concat, broadcasting operators, MatMul, GridSample, LSTM, GRU, RNN
///                                                     an operand of `size` entries (all equal, or 1) where another has
///                                                     the batch becomes one of as many entries as the batch has
///
/// What cannot follow stays as it is: the operator will tell. `inputs` are those of the operator `op`, `integer` reads
/// an attribute of it with its default.
void follow_batch(Graph& graph, std::string_view op, std::string_view name, std::int64_t size,
                  const std::function<std::int64_t(std::string_view attribute, std::int64_t otherwise)>& integer,
                  std::vector<ValueId>& inputs);

}  // namespace bolide::onnx
