#include "import/onnx/rules/heads.h"

#include "ops/attention.h"
#include "ops/reshape.h"

#include <cmath>
#include <limits>

namespace bolide::onnx {
namespace {

/// The mask of lengths, or of ends and starts: 1 where a key counts, [b, t].
ValueId mask_of_ends(Formula& f, ValueId mask, ValueId keys) {
  const ValueId positions = f.unsqueeze(f.range(f.size(keys, 2)), {0});
  const ValueId wide = f.cast(mask, DataType::kI64);
  if (f.failed()) return kNoValue;
  if (f.type(mask).shape[0] == f.type(keys).shape[0]) return f.op(Less{}, {positions, f.unsqueeze(wide, {1})});
  // Rows of one number a batch entry: ends, starts where there are two, and a row of zeros behind them.
  const ValueId batch = f.unsqueeze(f.size(keys, 0), {0});
  const ValueId rows = f.op(Reshape{}, {wide, f.concat({f.integers({-1}), batch}, 0)});
  const ValueId nothing = f.mul(f.slice(rows, 0, 0, 1), 0.0);
  const ValueId ends = f.transpose(f.slice(rows, 0, 0, 1), {1, 0});
  const ValueId starts = f.transpose(f.slice(f.concat({rows, nothing}, 0), 0, 1, 2), {1, 0});
  return f.op(And{}, {f.op(Less{}, {positions, ends}), f.op(GreaterOrEqual{}, {positions, starts})});
}

}  // namespace

ValueId split_heads(Formula& f, ValueId x, std::int64_t heads) {
  return f.transpose(f.reshape(x, {0, 0, heads, -1}), {0, 2, 1, 3});
}

ValueId merge_heads(Formula& f, ValueId x) { return f.reshape(f.transpose(x, {0, 2, 1, 3}), {0, 0, -1}); }

ValueId plus(Formula& f, ValueId a, ValueId b) {
  if (a == kNoValue) return b;
  return b == kNoValue ? a : f.add(a, b);
}

ValueId padding_bias(Formula& f, ValueId mask, ValueId keys, float filter) {
  const std::int64_t rank = f.rank(mask);
  if (f.failed() || mask == kNoValue) return kNoValue;
  if (rank < 1 || rank > 3) return f.take(unsupported("a mask ", f.type(mask), "; rank 1, 2 or 3 works"));
  const ValueId ones = rank == 1 ? mask_of_ends(f, mask, keys) : mask;
  const DataType dtype = f.dtype(keys);
  const ValueId hidden = f.sub(f.number(dtype, 1), f.cast(ones, dtype));
  const ValueId bias = f.mul(hidden, static_cast<double>(filter));
  return rank == 3 ? f.unsqueeze(bias, {1}) : f.unsqueeze(bias, {1, 2});
}

ValueId causal_bias(Formula& f, ValueId queries, ValueId keys, ValueId past) {
  const ValueId rows = f.unsqueeze(f.add(f.range(f.size(queries, 2)), past), {1});
  const ValueId behind = f.op(Less{}, {rows, f.unsqueeze(f.range(f.size(keys, 2)), {0})});
  const DataType dtype = f.dtype(keys);
  return f.where(behind, f.number(dtype, -std::numeric_limits<double>::infinity()), f.number(dtype, 0));
}

ValueId attention(Formula& f, ValueId q, ValueId k, ValueId v, const AttentionForm& form) {
  float scale = form.scale;
  if (scale == 0) scale = 1.0F / std::sqrt(static_cast<float>(f.known_size(q, 3, "the size of a head")));
  if (f.failed()) return kNoValue;
  const bool behind_cache = form.causal && form.past != kNoValue;
  const ValueId bias = behind_cache ? plus(f, form.bias, causal_bias(f, q, k, form.past)) : form.bias;
  Values inputs = {q, k, v};
  if (bias != kNoValue) inputs.push_back(bias);
  return merge_heads(f, f.op(Attention{.scale = scale, .causal = form.causal && !behind_cache}, inputs));
}

}  // namespace bolide::onnx
