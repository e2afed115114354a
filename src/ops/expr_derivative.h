/// Derivatives of elementwise arithmetic.
#pragma once

#include "ops/expr.h"

namespace bolide {

/// g * (d expr / d x`input`), where g is a further input behind those of `expr`. Steps are flat where they jump (floor,
/// sign, comparisons); of equal arguments the first is the one that min and max take.
/// Errors: Unsupported for functions of bits.
Result<Expr> derivative(const Expr& expr, int input);

}  // namespace bolide
