/// What an elementwise operator asks for, as one expression over broadcast operands.
#pragma once

#include "backend/problem.h"

namespace bolide::cpu {

/// Input i of `expr` is operands[i], which is at sources[i] among the problem's inputs.
struct ElementwiseWork {
  Expr expr;
  std::vector<Operand> operands;
  std::vector<int> sources;
  bool integers_as_f32 = false;  ///< the arithmetic is f32 whatever the dtypes
};

bool is_elementwise(const Op& op);

/// Errors: Unsupported with the reason when the operator is none of these or an operand is left out.
Result<ElementwiseWork> elementwise_work(const Problem& problem);

}  // namespace bolide::cpu
