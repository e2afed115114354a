/// Expressions between dequantised 8-bit inputs and a quantised 8-bit result, with both ends in one sweep each.
#pragma once

#include "backend/cpu/elementwise/strips.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/kernel_table.h"
#include "backend/tactic.h"

namespace bolide::cpu {

/// What stands around the float part of an expression. Scales and zero points are numbers or inputs of one element a
/// strip.
struct CodedExpr {
  struct Ends {
    bool used = false;
    Expr::Arg zero = Expr::number(0);
    Expr::Arg scale = Expr::number(1);
  };
  std::vector<Ends> inputs;  ///< (x - zero) * scale is what `core` reads as this input
  Ends output;               ///< round(core / scale) + zero is stored
  Expr core;
  Expr::Arg result = Expr::in(0);  ///< of `core`: its last step, or an input where it has no step
};

/// Nothing where neither end has the form.
std::optional<CodedExpr> coded_form(const ElementwiseWork& work, DataType out, const Strips& strips);

/// Numerics: the operations of the expression, each rounded.
Result<std::unique_ptr<Kernel>> bind_coded(const ElementwiseWork& work, CodedExpr form, DataType out,
                                           const Strips& strips, const KernelTable& kernels);

}  // namespace bolide::cpu
