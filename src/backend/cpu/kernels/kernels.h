/// The kernels of one ISA level as tables of function pointers, one table a family.
///
/// A family is a header with a struct of pointers (plain data, no STL), sources that define `k<Family>` in namespace
/// bolide::BOLIDE_ISA_NS and that CMake compiles once per ISA, one line here, one in table.cpp.
#pragma once

#include "backend/cpu/kernels/attention.h"
#include "backend/cpu/kernels/codes.h"
#include "backend/cpu/kernels/depthwise.h"
#include "backend/cpu/kernels/eltwise.h"
#include "backend/cpu/kernels/gemm.h"
#include "backend/cpu/kernels/integer_eltwise.h"
#include "backend/cpu/kernels/pool.h"
#include "backend/cpu/kernels/rows.h"
#include "backend/cpu/kernels/wide_product.h"

namespace bolide {

struct KernelTable {
  int lanes;  ///< floats of one vector
  const GemmKernels* gemm;
  const EltwiseKernels* eltwise;
  const DepthwiseKernels* depthwise;
  const RowKernels* rows;
  const PoolKernels* pool;
  const AttentionKernels* attention;
  const WideProductKernels* wide_product;
  const IntegerEltwiseKernels* integer_eltwise;
  const CodeKernels* codes;
};

}  // namespace bolide
