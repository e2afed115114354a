// RotaryEmbedding and GroupQueryAttention of com.microsoft.
#include "import/onnx/rules/heads.h"
#include "import/onnx/rules/microsoft.h"
#include "import/onnx/rules/rotate.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/matmul.h"
#include "ops/pad.h"
#include "ops/shape.h"
#include "ops/softmax.h"

#include <cmath>
#include <limits>

namespace bolide::onnx {

/// RotaryEmbedding of com.microsoft: as ONNX RotaryEmbedding, with the inputs x, position_ids ([b, s], or [1] with the
/// first position), cos_cache and sin_cache [positions, dim / 2]. x is [b, s, heads * size] or [b, heads, s, size]; a
/// head is as wide as the caches say unless num_heads is given.
Result<Values> import_microsoft_rotary_embedding(OnnxNodeView& node, Builder& build) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (!node.has_input(i)) return invalid_argument("input ", i, " is missing");
  }
  node.ignore("scale");
  node.ignore("is_packed_batching");
  const std::int64_t heads = node.integer("num_heads", 0);
  Rotation rotation{.dim = node.integer("rotary_embedding_dim", 0), .interleaved = node.flag("interleaved")};
  if (rotation.dim > 0 && heads < 1) return invalid_argument("attribute 'rotary_embedding_dim' needs 'num_heads'");
  Formula f(build);
  ValueId x = node.in(0);
  const bool flat = f.rank(x) == 3;
  if (flat) {
    const std::int64_t half = heads > 0 ? 0 : f.known_size(node.in(2), 1, "the size of 'cos_cache'");
    x = f.reshape(x, heads > 0 ? Dims{0, 0, heads, -1} : Dims{0, 0, -1, 2 * half});
    rotation.heads_axis = 2;
  }
  ValueId positions = node.in(1);
  if (f.rank(positions) == 1) {  // one number, counted on in every row
    positions = f.unsqueeze(f.add(f.range(f.size(x, flat ? 1 : 2)), f.cast(positions, DataType::kI64)), {0});
  }
  const ValueId y = rotated(f, x, f.gather(node.in(2), positions, 0), f.gather(node.in(3), positions, 0), rotation);
  return f.result({flat ? f.reshape(y, {0, 0, -1}) : y});
}

namespace {

/// Where the new keys of each row go, all i64. A prompt starts at 0; else seqlens_k tells the last position.
struct Positions {
  ValueId last = kNoValue;     ///< [b, 1]: the last position of the row
  ValueId past = kNoValue;     ///< [b, 1]: how many keys are there before
  ValueId queries = kNoValue;  ///< [b, s]: positions of the new keys and queries
  ValueId length = kNoValue;   ///< scalar: of the caches afterwards
};

Positions positions_of(const OnnxNodeView& node, Formula& f, ValueId q) {
  Positions out;
  const ValueId s = f.size(q, 2);
  const ValueId total = f.reshape(f.cast(node.in(6), DataType::kI64), {});
  out.last = f.reshape(f.cast(node.in(5), DataType::kI64), {-1, 1});
  const ValueId before = f.sub(f.add(out.last, 1.0), s);
  out.past = f.where(f.op(Equal{}, {s, total}), f.mul(before, 0.0), before);
  out.queries = f.add(out.past, f.unsqueeze(f.range(s), {0}));
  const bool cached = node.has_input(3);
  out.length = cached ? f.op(Max{}, {total, f.size(node.in(3), 2)}) : total;
  return out;
}

/// The cache [b, h, P, d] with x [b, h, s, d] written behind the past of each row, and zeros behind that:
/// [b, h, length, d].
ValueId extended(Formula& f, ValueId cache, ValueId x, const Positions& at) {
  const ValueId padded = f.op(Pad{}, {x, f.integers({0, 0, 0, 0, 0, 0, 1, 0})});
  const ValueId all = cache == kNoValue ? padded : f.concat({cache, padded}, 2);
  const ValueId keys = f.unsqueeze(f.range(at.length), {0});
  const ValueId s = f.size(x, 2);
  ValueId from = f.op(Min{}, {f.sub(keys, at.past), s});
  if (cache != kNoValue) from = f.where(f.op(Less{}, {keys, at.past}), keys, f.add(from, f.size(cache, 2)));
  const std::int64_t heads = f.known_size(x, 1, "the number of heads");
  const ValueId each = f.op(Expand{}, {f.unsqueeze(from, {1, 3}), f.integers({1, heads, 1, 1})});
  return f.op(GatherND{.batch_dims = 2}, {all, each});  // whole rows, where they lie
}

/// -infinity where a key lies behind the query or the end of its row, or `window` or more before the query:
/// [b, 1, s, length].
ValueId visible_bias(Formula& f, const Positions& at, DataType dtype, bool causal, std::int64_t window) {
  const ValueId keys = f.reshape(f.range(at.length), {1, 1, 1, -1});
  const ValueId queries = f.unsqueeze(at.queries, {1, 3});
  ValueId hidden = f.op(Less{}, {f.unsqueeze(at.last, {2, 3}), keys});
  if (causal) hidden = f.op(Or{}, {hidden, f.op(Less{}, {queries, keys})});
  if (window > 0) {
    const ValueId reach = f.add(keys, static_cast<double>(window));
    hidden = f.op(Or{}, {hidden, f.op(LessOrEqual{}, {reach, queries})});
  }
  return f.where(hidden, f.number(dtype, -std::numeric_limits<double>::infinity()), f.number(dtype, 0));
}

/// A bias of the scores that ends with the row's keys, with zeros for the rest of the cache.
ValueId to_length(Formula& f, ValueId bias, ValueId length) {
  if (bias == kNoValue) return bias;
  const ValueId missing = f.unsqueeze(f.sub(length, f.size(bias, 3)), {0});
  return f.op(Pad{}, {bias, f.concat({f.integers({0, 0, 0, 0, 0, 0, 0}), missing}, 0)});
}

/// Each of the heads of x [b, h, t, d] `times` times.
ValueId repeat_heads(Formula& f, ValueId x, std::int64_t times) {
  if (times == 1 || f.failed()) return x;
  const ValueId wide = f.op(Tile{}, {f.unsqueeze(x, {2}), f.integers({1, 1, times, 1, 1})});
  return f.reshape(
      wide, {0, times * f.known_size(x, 1, "the number of heads"), -1, f.known_size(x, 3, "the size of a head")});
}

/// attention() of one query a head, where some heads of q in a row share one of k and v: they are queries of one head,
/// and k and v stay as they are. The bias is the same for all heads.
ValueId grouped_attention(Formula& f, ValueId q, ValueId k, ValueId v, float scale, ValueId bias) {
  const std::int64_t heads = f.known_size(q, 1, "the number of heads");
  const std::int64_t kv_heads = f.known_size(k, 1, "the number of heads of keys");
  const std::int64_t size = f.known_size(q, 3, "the size of a head");
  if (scale == 0) scale = 1.0F / std::sqrt(static_cast<float>(size));
  const ValueId together = f.reshape(q, {0, kv_heads, heads / kv_heads, size});
  const ValueId y = f.op(Attention{.scale = scale}, {together, k, v, bias});
  return f.reshape(y, {0, 1, heads * size});
}

struct Scores {
  double scale = 0;
  double cap = 0;           ///< 0: none; else cap * tanh(score / cap)
  ValueId sink = kNoValue;  ///< [heads]: one more key a head, of which only the weight counts
};

/// Attention by its definition, where the scores take a form that the operator has not.
ValueId plain_attention(Formula& f, ValueId q, ValueId k, ValueId v, ValueId bias, const Scores& form) {
  const DataType dtype = f.dtype(q);
  const MatMul product{.out = dtype};
  ValueId scores = f.scale(f.op(product, {q, f.transpose(k, {0, 1, 3, 2})}), form.scale);
  if (form.cap > 0) scores = f.mul(f.op(Tanh{}, {f.mul(scores, 1 / form.cap)}), form.cap);
  scores = f.add(scores, bias);
  if (form.sink != kNoValue) {
    const ValueId first = f.slice(scores, 3, 0, 1);  // its sizes; the numbers may be -infinity
    const ValueId sink = f.op(Expand{}, {f.reshape(form.sink, {1, -1, 1, 1}), f.op(ShapeOf{}, {first})});
    scores = f.concat({scores, sink}, 3);
  }
  ValueId weights = f.op(Softmax{.axis = 3}, {scores});
  if (form.sink != kNoValue) weights = f.slice(weights, 3, 0, -1);
  return merge_heads(f, f.op(product, {weights, v}));
}

}  // namespace

/// GroupQueryAttention of com.microsoft, with caches of the computing type. Inputs query, key, value ([b, s, heads *
/// size], or all three in query), past key and value [b, kv_heads, t, size], seqlens_k [b] (the last position of each
/// row), total length, cos and sin caches, position_ids, a bias of the scores, sinks. Outputs: y, and both caches.
Result<Values> import_group_query_attention(OnnxNodeView& node, Builder& build) {
  const std::int64_t heads = node.integer("num_heads", 0);
  const std::int64_t kv_heads = node.integer("kv_num_heads", 0);
  if (heads < 1 || kv_heads < 1 || heads % kv_heads != 0 || heads > (INT64_C(1) << 20)) {
    return invalid_argument("attributes 'num_heads' ", heads, " and 'kv_num_heads' ", kv_heads);
  }
  for (const std::size_t i : {0U, 5U, 6U}) {
    if (!node.has_input(i)) return invalid_argument("input ", i, " is missing");
  }
  for (const std::string_view name : {"sliding_window_cache", "qk_output", "kv_cache_bit_width"}) {
    if (node.integer(name, 0) != 0) return unsupported("attribute '", name, "' is not 0");
  }
  if (node.has_input(12) || node.has_input(14)) return unsupported("quantised caches and norms of q and k");
  node.ignore("k_quant_type");
  node.ignore("v_quant_type");
  node.ignore("qk_norm_epsilon");
  Formula f(build);
  std::array<ValueId, 3> x = {node.in(0), node.in(1), node.in(2)};
  if (!node.has_input(1)) {
    const std::int64_t size = f.known_size(x[0], 2, "the size of 'query'") / (heads + 2 * kv_heads);
    const Dims sizes = {heads * size, kv_heads * size, kv_heads * size};
    const Values parts = f.op(Split{.axis = 2, .sizes = sizes}, {x[0]}, 3);
    std::copy(parts.begin(), parts.end(), x.begin());
  }
  ValueId q = split_heads(f, x[0], heads);
  ValueId k = split_heads(f, x[1], kv_heads);
  const Positions at = positions_of(node, f, q);
  if (node.flag("do_rotary")) {
    const ValueId ids = node.has_input(9) ? node.in(9) : at.queries;
    const ValueId cos = f.gather(node.in(7), ids, 0);
    const ValueId sin = f.gather(node.in(8), ids, 0);
    const Rotation rotation{.dim = 2 * f.known_size(node.in(7), 1, "the size of 'cos_cache'"),
                            .interleaved = node.flag("rotary_interleaved")};
    q = rotated(f, q, cos, sin, rotation);
    k = rotated(f, k, cos, sin, rotation);
  }
  k = extended(f, node.in(3), k, at);
  const ValueId v = extended(f, node.in(4), split_heads(f, x[2], kv_heads), at);
  ValueId bias = visible_bias(f, at, f.dtype(q), node.flag("causal", true), node.integer("local_window_size", -1));
  bias = plus(f, bias, node.has_input(3) ? to_length(f, node.in(10), at.length) : node.in(10));
  const float scale = node.number("scale", 0.0F);
  Scores form{.cap = static_cast<double>(node.number("softcap", 0.0F)), .sink = node.in(11)};
  if (form.sink == kNoValue && node.integer("smooth_softmax", 0) == 1) {
    form.sink = build.constant("sink", *Tensor::allocate(f.dtype(q), {heads}));
  }
  if (form.cap == 0 && form.sink == kNoValue) {
    const bool alone = !f.failed() && f.type(q).shape[2] == Dim(1) && !node.has_input(10);
    if (alone) return f.result({grouped_attention(f, q, k, v, scale, bias), k, v});
  }
  const ValueId wide_k = repeat_heads(f, k, heads / kv_heads);
  const ValueId wide_v = repeat_heads(f, v, heads / kv_heads);
  if (form.cap == 0 && form.sink == kNoValue) {
    return f.result({attention(f, q, wide_k, wide_v, {.scale = scale, .bias = bias}), k, v});
  }
  const auto size = static_cast<double>(f.known_size(q, 3, "the size of a head"));
  form.scale = scale != 0 ? static_cast<double>(scale) : 1 / std::sqrt(size);
  return f.result({plain_attention(f, q, wide_k, wide_v, bias, form), k, v});
}

}  // namespace bolide::onnx
