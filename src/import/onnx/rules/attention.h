/// What the attention operators of several domains share.
#pragma once

#include "import/onnx/rules/formula.h"

namespace bolide::onnx {

/// x [b, kv_heads, ...] with each head repeated for its group of the heads of q [b, heads, ...]; both counts known
/// where they differ.
ValueId repeat_heads(Formula& f, ValueId x, ValueId q);
/// q [b, h, s, d] times k [b, h, t, d] turned, times `scale`: [b, h, s, t]. Each operand takes the root of the scale,
/// so that narrow floats do not overflow.
ValueId attention_scores(Formula& f, ValueId q, ValueId k, double scale);
/// The attribute `scale`, by default 1 / sqrt(last size of q).
double scale_of(OnnxNodeView& node, Formula& f, ValueId q);

}  // namespace bolide::onnx
