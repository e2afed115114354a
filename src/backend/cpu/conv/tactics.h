/// The convolution tactics of the CPU, and the two ways in which they read their input.
#pragma once

#include "backend/cpu/conv/core.h"

namespace bolide {

/// Best guess first.
std::span<const Tactic* const> conv_tactics();

/// In place, channels-last.
Verdict check_conv_rows(const ConvGeometry& geometry, const CpuTarget& target);
Result<std::unique_ptr<Kernel>> bind_conv_rows(ConvCore core, const CpuTarget& target, int threads);

/// By way of a dense copy of the rows under a few output rows.
Verdict check_conv_strip(const ConvGeometry& geometry, const CpuTarget& target);
Result<std::unique_ptr<Kernel>> bind_conv_strip(ConvCore core, const CpuTarget& target, int threads);

/// The kernel of a convolution with its f32 weights packed at every run.
Result<std::unique_ptr<Kernel>> with_computed_weights(const Problem& problem, const GemmKernels& kernels,
                                                      std::unique_ptr<Kernel> inner);

}  // namespace bolide
