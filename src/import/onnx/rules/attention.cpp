#include "ops/attention.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/attention.h"
#include "import/onnx/rules/heads.h"
#include "ops/activation.h"
#include "ops/pad.h"
#include "ops/softmax.h"

#include <cmath>
#include <limits>

namespace bolide::onnx {
namespace {

constexpr std::int64_t kMostHeads = 1 << 20;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The operands: q [b, heads, s, d], k [b, kv_heads, t, d], v [b, kv_heads, t, e], where t counts past keys too.
struct Operands {
  ValueId q = kNoValue;
  ValueId k = kNoValue;
  ValueId v = kNoValue;
};

Operands operands_of(OnnxNodeView& node, Formula& f) {
  const std::int64_t heads = node.integer("q_num_heads", 0);
  const std::int64_t kv_heads = node.integer("kv_num_heads", 0);
  const auto heads_of = [&](std::size_t input, std::int64_t count) {  // [b, l, count * size] -> [b, count, l, size]
    if (node.rank(input) == 4) return node.in(input);
    if (node.rank(input) != 3 || count <= 0) {
      f.fail(invalid_argument("input ", input, " is ", node.type(input), " with ", count,
                              " heads; needs rank 4, or 3 with 'q_num_heads' and 'kv_num_heads'"));
    }
    return split_heads(f, node.in(input), count);
  };
  Operands out;
  out.q = heads_of(0, heads);
  out.k = heads_of(1, kv_heads);
  out.v = f.cast(heads_of(2, kv_heads), node.dtype(0));
  if (node.has_input(4) != node.has_input(5)) f.fail(invalid_argument("past_key and past_value come together"));
  if (node.has_input(4) && node.has_input(5)) {
    if (node.has_input(6)) f.fail(invalid_argument("nonpad_kv_seqlen does not go with past_key"));
    out.k = f.concat({node.in(4), out.k}, 2);
    out.v = f.concat({f.cast(node.in(5), node.dtype(0)), out.v}, 2);
  }
  return out;
}

/// Which keys each query sees: `allowed` (bool) and `bias` (added to scores), either kNoValue, broadcast to
/// [b, heads, s, t].
struct Mask {
  ValueId allowed = kNoValue;
  ValueId bias = kNoValue;

  void restrict(Formula& f, ValueId condition) {
    allowed = allowed == kNoValue ? condition : f.op(And{}, {allowed, condition});
  }
};

/// attn_mask with its last axis as long as there are keys: what is missing is masked.
void apply_given_mask(OnnxNodeView& node, Formula& f, ValueId k, Mask& mask) {
  if (!node.has_input(3)) return;
  const bool is_bool = node.dtype(3) == DataType::kBool;
  ValueId given = is_bool ? node.in(3) : f.cast(node.in(3), node.dtype(0));
  if (f.failed()) return;
  if (node.rank(3) == 0) return f.fail(invalid_argument("attn_mask is ", node.type(3), "; it needs an axis of keys"));
  const Dim& have = node.shape(3).back();
  const Dim want = f.type(k).shape[2];
  const bool broadcasts = node.version() < 24 && (!have.constant() || *have.constant() == 1);
  if (!(have == want) && !broadcasts) {
    const ValueId missing = f.sub(f.size(k, 2), f.size(given, -1));
    const ValueId pads = f.concat({f.integers({0}), f.unsqueeze(missing, {0})}, 0);
    given = f.op(Pad{}, {given, pads, f.number(f.dtype(given), is_bool ? 0 : -kInfinity), f.integers({-1})});
  }
  (is_bool ? mask.allowed : mask.bias) = given;
}

/// The causal rule, the windows, and nonpad_kv_seqlen: key j against the query's position among the keys.
void apply_positions(OnnxNodeView& node, Formula& f, const Operands& x, bool causal, Mask& mask) {
  const std::int64_t left = node.integer("left_window_size", -1);
  const std::int64_t right = node.integer("right_window_size", -1);
  if (left < -1 || right < -1) f.fail(invalid_argument("window sizes ", left, " and ", right, "; -1 is the least"));
  if (!causal && left < 0 && right < 0 && !node.has_input(6)) return;
  const ValueId key = f.range(f.size(x.k, 2));
  const auto by_batch = [&] { return f.reshape(node.in(6), {-1, 1, 1, 1}); };
  if (causal || left >= 0 || right >= 0) {
    ValueId query = f.unsqueeze(f.range(f.size(x.q, 2)), {1});
    if (node.has_input(4)) query = f.add(query, f.size(node.in(4), 2));
    if (node.has_input(6)) query = f.add(query, f.sub(by_batch(), f.size(x.q, 2)));
    if (causal) mask.restrict(f, f.op(LessOrEqual{}, {key, query}));
    if (left >= 0) mask.restrict(f, f.op(GreaterOrEqual{}, {key, f.add(query, -static_cast<double>(left))}));
    if (right >= 0) mask.restrict(f, f.op(LessOrEqual{}, {key, f.add(query, static_cast<double>(right))}));
  }
  if (node.has_input(6)) mask.restrict(f, f.op(Less{}, {key, by_batch()}));
}

/// What is added to the scores; kNoValue for nothing.
ValueId total_bias(Formula& f, const Mask& mask, DataType dtype) {
  if (mask.allowed == kNoValue) return mask.bias;
  const ValueId kept = mask.bias == kNoValue ? f.number(dtype, 0) : mask.bias;
  return f.where(mask.allowed, kept, f.number(dtype, -kInfinity));
}

}  // namespace

ValueId repeat_heads(Formula& f, ValueId x, ValueId q) {
  if (f.failed() || f.type(x).shape[1] == f.type(q).shape[1]) return x;
  const std::int64_t have = f.known_size(x, 1, "the number of key and value heads");
  const std::int64_t want = f.known_size(q, 1, "the number of query heads");
  if (!f.failed() && (have < 1 || want % have != 0 || want > kMostHeads)) {
    f.fail(invalid_argument(want, " query heads do not share ", have, " key and value heads evenly"));
  }
  if (f.failed()) return kNoValue;
  Dims heads(static_cast<std::size_t>(want));
  for (std::int64_t i = 0; i < want; ++i) heads[static_cast<std::size_t>(i)] = i / (want / have);
  return f.gather(x, f.integers(heads), 1);
}

ValueId attention_scores(Formula& f, ValueId q, ValueId k, double scale) {
  const double half = std::sqrt(std::abs(scale));
  return f.matmul(f.mul(q, scale < 0 ? -half : half), f.transpose(f.mul(k, half), {0, 1, 3, 2}));
}

double scale_of(OnnxNodeView& node, Formula& f, ValueId q) {
  if (node.has("scale")) return double{node.number("scale", 1)};
  return 1 / std::sqrt(static_cast<double>(f.known_size(q, -1, "the size of a head")));
}

/// ONNX Attention-23..25. Plain forms become our Attention, others the formula
///   y = softmax(softcap(q k^T * scale) + bias) v
/// A query that sees no key gives zeros.
Result<Values> import_attention(OnnxNodeView& node, Builder& build) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!node.has_input(i)) return invalid_argument("inputs Q, K and V are needed");
  }
  Formula f(build);
  const DataType dtype = node.dtype(0);
  TRY(const DataType precision, node.data_type("softmax_precision", dtype));
  const double softcap = double{node.number("softcap", 0.0F)};
  const std::int64_t mode = node.integer("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) return invalid_argument("attribute 'qk_matmul_output_mode' is ", mode, ", not 0 to 3");
  const bool plain =
      (dtype == DataType::kF32 || dtype == DataType::kF64) && precision == dtype && softcap == 0 && !node.has_output(3);
  const bool causal_inside = plain && node.flag("is_causal") && node.input_count() == 3;
  const Operands x = operands_of(node, f);
  if (!f.failed() && (f.rank(x.q) != 4 || f.rank(x.k) != 4 || f.rank(x.v) != 4)) {
    return invalid_argument("Q is ", node.type(0), ", K ", node.type(1), ", V ", node.type(2));
  }
  Mask mask;
  apply_given_mask(node, f, x.k, mask);
  apply_positions(node, f, x, !causal_inside && node.flag("is_causal"), mask);
  const ValueId bias = total_bias(f, mask, dtype);
  ValueId empty = kNoValue;  // [..., s or 1, 1]: queries that see no key
  if (bias != kNoValue) {
    empty = f.op(Equal{}, {f.reduce(ReduceKind::kMax, bias, {-1}, true), f.number(dtype, -kInfinity)});
  }
  const double scale = scale_of(node, f, x.q);
  const ValueId k = repeat_heads(f, x.k, x.q);
  const ValueId v = repeat_heads(f, x.v, x.q);
  ValueId qk = kNoValue;
  ValueId y = kNoValue;
  if (plain) {
    Values inputs = {x.q, k, v};
    if (bias != kNoValue) inputs.push_back(bias);
    y = f.op(Attention{.scale = static_cast<float>(scale), .causal = causal_inside}, std::move(inputs));
  } else {
    const auto show = [&](std::int64_t at, ValueId value) { return qk = at == mode ? value : qk, value; };
    ValueId scores = show(0, attention_scores(f, x.q, k, scale));
    if (softcap > 0) scores = f.mul(f.op(Tanh{}, {f.mul(scores, 1 / softcap)}), softcap);
    show(1, scores);
    if (bias != kNoValue) scores = f.add(scores, bias);
    show(2, scores);
    ValueId weights = f.cast(f.op(Softmax{}, {f.cast(scores, precision)}), dtype);
    if (empty != kNoValue) weights = f.where(empty, f.number(dtype, 0), weights);
    y = f.matmul(show(3, weights), v);
  }
  if (empty != kNoValue && plain) y = f.where(empty, f.number(dtype, 0), y);
  if (node.rank(0) == 3) y = merge_heads(f, y);
  return f.result({y, x.k, x.v, qk});
}

}  // namespace bolide::onnx
