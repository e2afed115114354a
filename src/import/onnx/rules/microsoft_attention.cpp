// Attention, QAttention and MultiHeadAttention of com.microsoft.
#include "import/onnx/rules/heads.h"
#include "import/onnx/rules/microsoft.h"
#include "import/onnx/rules/quantize.h"
#include "ops/concat.h"
#include "ops/matmul.h"

#include <numeric>

namespace bolide::onnx {
namespace {

/// What Attention and QAttention do with their projected inputs.
struct SelfAttention {
  std::int64_t heads = 0;
  Dims sizes;  ///< of q, k and v; empty: a third each
  ValueId mask = kNoValue;
  ValueId past = kNoValue;  ///< [2, b, heads, t, size]: keys, then values
  ValueId bias = kNoValue;
};

Result<Values> self_attention(OnnxNodeView& node, Formula& f, ValueId projected, const SelfAttention& from) {
  if (from.heads < 1) return invalid_argument("attribute 'num_heads' is ", from.heads);
  const float filter = node.number("mask_filter_value", -10000.0F);
  AttentionForm form{.scale = node.number("scale", 0.0F), .causal = node.flag("unidirectional")};
  for (const std::string_view name : {"do_rotary", "past_present_share_buffer"}) {
    if (node.flag(name)) return unsupported("attribute '", name, "' is 1; export without it");
  }
  node.ignore("rotary_embedding_dim");
  Dims sizes = from.sizes;
  if (sizes.empty()) sizes.assign(3, f.known_size(projected, 2, "the size of the projection") / 3);
  if (sizes.size() != 3) return invalid_argument("attribute 'qkv_hidden_sizes' has ", sizes.size(), " numbers");
  const Values parts = f.op(Split{.axis = 2, .sizes = sizes}, {projected}, 3);
  const ValueId q = split_heads(f, parts[0], from.heads);
  ValueId k = split_heads(f, parts[1], from.heads);
  ValueId v = split_heads(f, parts[2], from.heads);
  if (from.past != kNoValue) {
    form.past = f.size(from.past, 3);
    k = f.concat({f.squeeze(f.slice(from.past, 0, 0, 1), {0}), k}, 2);
    v = f.concat({f.squeeze(f.slice(from.past, 0, 1, 2), {0}), v}, 2);
  }
  form.bias = plus(f, padding_bias(f, from.mask, k, filter), from.bias);
  const ValueId y = attention(f, q, k, v, form);
  ValueId present = kNoValue;
  if (node.has_output(1)) present = f.concat({f.unsqueeze(k, {0}), f.unsqueeze(v, {0})}, 0);
  return f.result({y, present});
}

}  // namespace

/// Attention of com.microsoft: the product of x [b, s, n] with weights [n, q + k + v] and a bias is queries, keys and
/// values of self-attention. Inputs x, weights, bias, mask (heads.h), past, a bias of the scores; output 1 is past with
/// the new keys and values behind it.
Result<Values> import_microsoft_attention(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs 'input' and 'weights' are needed");
  if (node.has_input(6)) return unsupported("input 6 (past_sequence_length) belongs to shared buffers");
  Formula f(build);
  const ValueId projected = plus(f, f.op(MatMul{.out = node.dtype(0)}, {node.in(0), node.in(1)}), node.in(2));
  return self_attention(node, f, projected,
                        {.heads = node.integer("num_heads", 0),
                         .sizes = node.integers("qkv_hidden_sizes"),
                         .mask = node.in(3),
                         .past = node.in(4),
                         .bias = node.in(5)});
}

/// QAttention of com.microsoft: Attention of codes; inputs x, weights, bias, x_scale, weight_scale, mask, x_zero,
/// weight_zero, past. Weights have one scale, or one a column.
Result<Values> import_q_attention(OnnxNodeView& node, Builder& build) {
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (!node.has_input(i)) return invalid_argument("input ", i, " is missing");
  }
  TRY(const ValueId x, dequantized(build, node.in(0), node.in(3), node.in(6)));
  TRY(const ValueId weights, dequantized(build, node.in(1), node.in(4), node.in(7), 1));
  Formula f(build);
  const ValueId projected = plus(f, f.op(MatMul{}, {x, weights}), node.in(2));
  return self_attention(node, f, projected,
                        {.heads = node.integer("num_heads", 0), .sizes = {}, .mask = node.in(5), .past = node.in(8)});
}

namespace {

/// Part `at` of [b, s, heads, parts, size] as [b, heads, s, size].
ValueId packed_part(Formula& f, ValueId x, std::int64_t at) {
  return f.transpose(f.squeeze(f.slice(x, 3, at, at + 1), {3}), {0, 2, 1, 3});
}

/// Queries, keys and values of MultiHeadAttention, as heads, with the bias of their projections.
std::array<ValueId, 3> projected_heads(const OnnxNodeView& node, Formula& f, std::int64_t heads) {
  std::array<ValueId, 3> x = {node.in(0), node.in(1), node.in(2)};
  const bool packed = f.rank(x[0]) == 5;
  const bool packed_keys = !packed && f.rank(x[1]) == 5;
  std::int64_t column = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto part = static_cast<std::int64_t>(i);
    const bool is_cache = i > 0 && f.rank(x.at(i)) == 4;  // [b, heads, t, size] already, bias and all
    if (packed) {
      x.at(i) = packed_part(f, node.in(0), part);
    } else if (packed_keys && i > 0) {
      x.at(i) = packed_part(f, node.in(1), part - 1);
    } else if (!is_cache) {
      x.at(i) = split_heads(f, x.at(i), heads);
    }
    if (!node.has_input(3) || is_cache) continue;
    const std::int64_t size = heads * f.known_size(x.at(i), 3, "the size of a head");
    const ValueId bias = f.reshape(f.slice(node.in(3), 0, column, column + size), {heads, 1, -1});
    x.at(i) = f.add(x.at(i), bias);
    column += size;
  }
  return x;
}

}  // namespace

/// MultiHeadAttention of com.microsoft: inputs query, key, value ([b, s, heads * size] each; or packed behind the heads
/// as [b, s, heads, 3 or 2, size]; or keys and values as [b, heads, t, size]), the bias of their projections, mask
/// (heads.h), a bias of the scores, past keys and values. Outputs 1 and 2 are all keys and values.
Result<Values> import_multi_head_attention(OnnxNodeView& node, Builder& build) {
  const std::int64_t heads = node.integer("num_heads", 0);
  const float filter = node.number("mask_filter_value", -10000.0F);
  if (heads < 1 || heads > (INT64_C(1) << 20)) return invalid_argument("attribute 'num_heads' is ", heads);
  if (!node.has_input(0)) return invalid_argument("input 'query' is missing");
  if (node.rank(0) != 5 && !node.has_input(1)) return invalid_argument("input 'key' is missing");
  if (node.has_input(8) || node.has_input(9)) return unsupported("inputs 8 and 9 belong to shared buffers");
  Formula f(build);
  const std::array<ValueId, 3> x = projected_heads(node, f, heads);
  const ValueId k = node.has_input(6) ? f.concat({node.in(6), x[1]}, 2) : x[1];
  const ValueId v = node.has_input(7) ? f.concat({node.in(7), x[2]}, 2) : x[2];
  const ValueId bias = plus(f, padding_bias(f, node.in(4), k, filter), node.in(5));
  const ValueId y = attention(f, x[0], k, v,
                              {.scale = node.number("scale", 0.0F),
                               .causal = node.flag("unidirectional"),
                               .past = node.has_input(6) ? f.size(node.in(6), 2) : kNoValue,
                               .bias = bias});
  return f.result({y, k, v});
}

}  // namespace bolide::onnx
