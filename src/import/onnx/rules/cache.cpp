#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/sizes.h"
#include "ops/activation.h"
#include "ops/conv.h"
#include "ops/expand.h"
#include "ops/pad.h"
#include "ops/scatter.h"

#include <limits>

namespace bolide::onnx {

/// ONNX TensorScatter-24: `update` written into the cache along `axis`, from write_indices[batch] (0 by default) on;
/// with mode "circular" positions are modulo the cache's size.
Result<Values> import_tensor_scatter(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs 'past_cache' and 'update' are needed");
  const std::int64_t rank = node.rank(0);
  const std::int64_t given = node.integer("axis", -2);
  const std::int64_t axis = given < 0 ? given + rank : given;
  if (axis < 1 || axis >= rank || node.rank(1) != rank) {
    return invalid_argument("attribute 'axis' is ", given, " for ", node.type(0), " and ", node.type(1));
  }
  const std::string mode = node.text("mode", "linear");
  if (mode != "linear" && mode != "circular") {
    return invalid_argument("attribute 'mode' is '", mode, "', which is none of linear, circular");
  }
  Formula f(build);
  Dims along(static_cast<std::size_t>(rank), 1);
  along[static_cast<std::size_t>(axis)] = -1;
  ValueId positions = f.reshape(f.range(f.size(node.in(1), axis)), along);
  if (node.has_input(2)) {
    Dims batch(static_cast<std::size_t>(rank), 1);
    batch[0] = -1;
    positions = f.add(positions, f.reshape(f.cast(node.in(2), DataType::kI64), batch));
  }
  if (mode == "circular") positions = f.op(Mod{}, {positions, f.size(node.in(0), axis)});
  TRY(const ValueId sizes, sizes_of(build, node.in(1)));
  const ValueId indices = f.op(Expand{}, {positions, sizes});
  return f.result({f.op(ScatterElements{.axis = axis}, {node.in(0), indices, node.in(1)})});
}

/// ONNX CausalConvWithState-27: a depthwise convolution of [past_state or zeros, input], whose last k - 1 positions are
/// the new state; then `activation`.
Result<Values> import_causal_conv(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs 'input' and 'weight' are needed");
  const std::string activation = node.text("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish") {
    return invalid_argument("attribute 'activation' is '", activation, "', which is none of none, silu, swish");
  }
  Formula f(build);
  const std::int64_t channels = f.known_size(node.in(1), 0, "the number of channels of 'weight'");
  const std::int64_t state = f.known_size(node.in(1), 2, "the kernel size of 'weight'") - 1;
  const ValueId line = node.has_input(3) ? f.concat({node.in(3), node.in(0)}, 2)
                                         : f.op(Pad{}, {node.in(0), f.integers({0, 0, state, 0, 0, 0})});
  ValueId y = f.op(Conv{.groups = channels, .out = node.dtype(0)}, {line, node.in(1), node.in(2)});
  if (activation != "none") y = f.op(Silu{}, {y});
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const ValueId present = f.slice(line, 2, state == 0 ? kEnd : -state, kEnd);
  return f.result({y, present});
}

}  // namespace bolide::onnx
