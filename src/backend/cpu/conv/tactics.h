/// The convolution tactics of the CPU.
#pragma once

#include "backend/cpu/conv/geometry.h"
#include "backend/cpu/isa.h"

namespace bolide {

const Tactic& conv_rows_f32();
const Tactic& conv_strip_f32();

/// Best guess first.
std::span<const Tactic* const> conv_tactics();

/// What every f32 tactic asks of weights, bias, epilogue and output.
Verdict check_f32_conv(const Problem& problem, const Target& target);
/// Roofline; narrow groups and few channels waste lanes.
double estimate_conv_us(const Problem& problem, const ConvGeometry& geometry, const CpuTarget& target,
                        double efficiency);

}  // namespace bolide
