/// The graph as text, and back. Pass tests are text in, text out.
///
///     x = input f32[batch,3,8,8]
///     w = const f32[4,3,1,1] {0.5,-1,...}
///     a = Conv(x, w, _) strides=[1,1]
///     y, _ = Split(a) axis=1
///     return y
///
/// One line a value or node; `_` is an input or output left out. A node with a body is followed by its graphs, each
/// between `{` and `}`. Node names that differ from their first output's follow as `name="..."`.
#pragma once

#include "ir/graph.h"

namespace bolide {

struct PrintOptions {
  bool types = false;  ///< append `# f32[...]` to each line
  /// Constants with more elements print as `const f32[64,3,7,7] #<digest>`, which does not parse back.
  std::int64_t max_constant_elements = 64;
};

std::string print(const Graph& graph, const PrintOptions& options = {});
/// Errors: BadFile with line and column. Bounded: nesting 64 deep, no allocation beyond the text's own size.
Result<Graph> parse_graph(std::string_view text);
/// "[batch,3,8,8]". Errors: InvalidArgument.
Result<Shape> parse_shape(std::string_view text);
/// "f32[batch,3,8,8]"
Result<TensorType> parse_tensor_type(std::string_view text);

}  // namespace bolide
