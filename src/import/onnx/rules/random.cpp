#include "ops/random.h"

#include "base/hash.h"
#include "import/onnx/rules/all.h"
#include "import/onnx/rules/sizes.h"

#include <cmath>

namespace bolide::onnx {
namespace {

/// The attribute `seed`, a number; without it a seed that follows from the node's name, so that nodes differ and runs
/// do not.
std::int64_t seed_of(OnnxNodeView& node) {
  if (!node.has("seed")) return static_cast<std::int64_t>(digest(node.name()).low & 0x7fffffffU);
  const float seed = node.number("seed", 0);
  return std::abs(seed) < 0x1p62F ? static_cast<std::int64_t>(seed) : 0;
}

/// Sizes from the attribute `shape`, or for a ...Like those of the input; `dtype` from the attribute, else the input's,
/// else f32.
template <class T>
Result<Values> random_tensor(T op, OnnxNodeView& node, Builder& build) {
  op.seed = seed_of(node);
  const bool is_like = node.op_type().ends_with("Like");
  if (is_like && !node.has_input(0)) return invalid_argument("input 0 is missing");
  if (!is_like && !node.has("shape")) return bad_file("attribute 'shape' is missing");
  TRY(op.dtype, node.data_type("dtype", is_like ? node.dtype(0) : DataType::kF32));
  ValueId sizes = kNoValue;
  if (is_like) {
    TRY(sizes, sizes_of(build, node.in(0)));
  } else {
    sizes = build.integers("sizes", node.integers("shape"));
  }
  TRY(const ValueId y, build.add(std::move(op), {sizes}));
  return Values{y};
}

}  // namespace

/// ONNX RandomUniform and RandomUniformLike.
Result<Values> import_random_uniform(OnnxNodeView& node, Builder& build) {
  return random_tensor(RandomUniform{.low = node.number("low", 0), .high = node.number("high", 1)}, node, build);
}

/// ONNX RandomNormal and RandomNormalLike.
Result<Values> import_random_normal(OnnxNodeView& node, Builder& build) {
  return random_tensor(RandomNormal{.mean = node.number("mean", 0), .scale = node.number("scale", 1)}, node, build);
}

/// ONNX Bernoulli: `dtype` is the input's by default.
Result<Values> import_bernoulli(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  Bernoulli op{.seed = seed_of(node)};
  TRY(op.dtype, node.data_type("dtype", node.dtype(0)));
  TRY(const ValueId y, build.add(op, {node.in(0)}));
  return Values{y};
}

/// ONNX Multinomial: `dtype` is i32 by default.
Result<Values> import_multinomial(OnnxNodeView& node, Builder& build) {
  Multinomial op{.sample_size = node.integer("sample_size", 1), .seed = seed_of(node)};
  TRY(op.dtype, node.data_type("dtype", DataType::kI32));
  TRY(const ValueId y, build.add(op, {node.in(0)}));
  return Values{y};
}

/// ONNX Dropout, operator set 12 and later: y = x unless `training_mode`, which may be computed.
Result<Values> import_dropout(OnnxNodeView& node, Builder& build) {
  const Tensor* training = node.constant(2);
  const bool is_known = training != nullptr && training->count() == 1 && training->dtype() == DataType::kBool;
  const bool is_off = is_known && !training->span<bool>()[0];
  if (!node.has_input(2) || is_off) {
    node.ignore("seed");
    return identity_and_mask(node, build, true);
  }
  const auto by_name = static_cast<std::int64_t>(digest(node.name()).low & 0x7fffffffU);
  const Dropout op{.seed = node.integer("seed", by_name)};
  return build.add_node(op, node.inputs(), node.has_output(1) ? 2 : 1);
}

}  // namespace bolide::onnx
