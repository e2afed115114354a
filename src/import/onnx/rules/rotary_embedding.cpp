#include "import/onnx/rules/all.h"
#include "import/onnx/rules/rotate.h"

#include <limits>

namespace bolide::onnx {

ValueId rotated(Formula& f, ValueId x, ValueId cos, ValueId sin, Rotation rotation) {
  const bool whole = rotation.dim == 0;
  const std::int64_t dim = whole ? f.known_size(x, 3, "the size of a head") : rotation.dim;
  if (!f.failed() && (dim < 2 || dim % 2 != 0)) {
    return f.take(invalid_argument(dim, " numbers of a head do not make pairs"));
  }
  const ValueId c = f.unsqueeze(cos, {rotation.heads_axis});
  const ValueId s = f.unsqueeze(sin, {rotation.heads_axis});
  const bool near = rotation.interleaved;
  const ValueId a = near ? f.slice(x, 3, 0, dim, 2) : f.slice(x, 3, 0, dim / 2);
  const ValueId b = near ? f.slice(x, 3, 1, dim, 2) : f.slice(x, 3, dim / 2, dim);
  const ValueId first = f.sub(f.mul(c, a), f.mul(s, b));
  const ValueId second = f.add(f.mul(s, a), f.mul(c, b));
  const ValueId y = near ? f.reshape(f.concat({f.unsqueeze(first, {4}), f.unsqueeze(second, {4})}, 4), {0, 0, 0, dim})
                         : f.concat({first, second}, 3);
  return whole ? y : f.concat({y, f.slice(x, 3, dim, std::numeric_limits<std::int64_t>::max())}, 3);
}

/// ONNX RotaryEmbedding-23: pairs (a, b) of each head's first `rotary_embedding_dim` numbers (default all) become
/// (a cos - b sin, a sin + b cos); pairs are half the numbers apart, or neighbours when `interleaved`.
/// x is [b, heads, s, size], or [b, s, heads * size] with `num_heads`; the caches are [b, s, dim / 2], or
/// [positions, dim / 2] that `position_ids` picks from.
Result<Values> import_rotary_embedding(OnnxNodeView& node, Builder& build) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!node.has_input(i)) return invalid_argument("inputs X, cos_cache and sin_cache are needed");
  }
  const std::int64_t heads = node.integer("num_heads", 0);
  const std::int64_t rank = node.rank(0);
  if (rank != 4 && (rank != 3 || heads <= 0)) {
    return invalid_argument("X is ", node.type(0), " with 'num_heads' ", heads, "; rank 4, or 3 with heads is needed");
  }
  const bool interleaved = node.flag("interleaved");
  Formula f(build);
  const ValueId x = rank == 4 ? node.in(0) : f.reshape(node.in(0), {0, 0, heads, -1});
  const std::int64_t heads_axis = rank == 4 ? 1 : 2;
  const auto table = [&](std::size_t input) {
    return node.has_input(3) ? f.gather(node.in(input), node.in(3), 0) : node.in(input);
  };
  ValueId y =
      rotated(f, x, table(1), table(2),
              {.dim = node.integer("rotary_embedding_dim", 0), .interleaved = interleaved, .heads_axis = heads_axis});
  if (rank == 3) y = f.reshape(y, {0, 0, -1});
  return f.result({y});
}

}  // namespace bolide::onnx
