/// What the attention operators of com.microsoft share. Heads lie as [batch, heads, length, size].
#pragma once

#include "import/onnx/rules/formula.h"

namespace bolide::onnx {

/// [b, s, heads * size] as [b, heads, s, size].
ValueId split_heads(Formula& f, ValueId x, std::int64_t heads);
/// [b, heads, s, size] as [b, s, heads * size].
ValueId merge_heads(Formula& f, ValueId x);

/// A sum of biases of the scores, in the order they are added; kNoValue for none.
ValueId plus(Formula& f, ValueId a, ValueId b);

/// `filter` where the integer mask is 0, and 0 elsewhere, as something that broadcasts to [b, heads, s, t]. The mask is
/// [b, t] or [b, s, t] of 0 and 1, [b] with the lengths of the rows, or [2 b]: their ends, then their starts.
/// keys is [b, heads, t, size].
ValueId padding_bias(Formula& f, ValueId mask, ValueId keys, float filter);

/// -infinity where key j lies behind the position past + i of query i, as [s, t]; past is an i64 scalar.
ValueId causal_bias(Formula& f, ValueId queries, ValueId keys, ValueId past);

struct AttentionForm {
  float scale = 0;          ///< 0: 1 / sqrt(size)
  bool causal = false;      ///< query i sees the keys up to past + i
  ValueId past = kNoValue;  ///< an i64 scalar; 0 when left out
  ValueId bias = kNoValue;  ///< added to the scores
};

/// softmax(q k^T * scale + bias) v as [b, s, heads * size of v].
ValueId attention(Formula& f, ValueId q, ValueId k, ValueId v, const AttentionForm& form);

}  // namespace bolide::onnx
