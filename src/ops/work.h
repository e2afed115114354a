/// How long an evaluation takes, before it begins: for what is computed ahead of a run, which must not take for ever.
#pragma once

#include "ops/op.h"

namespace bolide {

/// Elementary steps (a multiplication, a comparison, an element moved) that evaluating `op` on these tensors takes,
/// within some factor for sums of products, elementwise operators and windows, and at most, for others. 0 where it
/// would be refused.
double evaluation_work(const Op& op, TensorInputs inputs, int outputs);

}  // namespace bolide
