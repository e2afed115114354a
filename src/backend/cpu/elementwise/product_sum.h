/// a * b + c * d and a * b - c * d of f32, as rotary positions and blends have it: one sweep, where the elements lie.
#pragma once

#include "backend/cpu/elementwise/strips.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/kernel_table.h"
#include "backend/tactic.h"

namespace bolide::cpu {

/// The kernel where the expression has the form, all operands are f32, and their innermost runs are contiguous; else
/// null. Numerics: each operation rounded.
std::unique_ptr<Kernel> bind_product_sum(const ElementwiseWork& work, DataType out, const Strips& strips,
                                         const EltwiseKernels& kernels);

}  // namespace bolide::cpu
