/// The host's side of direct_contraction.cu.
#pragma once

#include "backend/cuda/contraction/gemm_device.h"

namespace bolide::cuda {

/// Sets TRANSPOSED and ROWFAST.
Defines& define_direct(Defines& defines, const GemmProblem& gemm);

/// Launches `function` of the program, which is contract_directly(). `packed`: b is the tactic's packed constant, in
/// rows as of packed_rows(). The problem fits_direct_grid().
std::unique_ptr<ContractionKernel> make_direct_kernel(const GemmProblem& gemm, Program program,
                                                      std::string_view function, bool packed, bool overlaps);

/// Rejects what has more tiles or batches than a grid holds.
Verdict fits_direct_grid(const GemmProblem& gemm);
/// `step_us`: of 16 channels of one tap, in every tile that runs at a time.
double estimate_direct_us(const GemmProblem& gemm, const CudaTarget& target, double step_us);

}  // namespace bolide::cuda
