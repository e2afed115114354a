/// Expressions of one 8-bit input with an 8-bit result, as a table of their 256 results.
#pragma once

#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/strip_program.h"
#include "backend/tactic.h"

namespace bolide::cpu {

/// `work` has one operand; it and `out` have dtypes of 8 bits.
Result<std::unique_ptr<Kernel>> bind_table8(const ElementwiseWork& work, const Operand& out,
                                            const StripProgram& program, const KernelTable& table);

}  // namespace bolide::cpu
