/// Transposed convolution of channels-last f32 data: every stride phase is a convolution on the register tile.
///
/// Needs     x and y with contiguous channels, any other strides; constant weights
/// Packed    a pixel of zeros; then a TapPhase after the other, of each group the panels [taps * channels][columns]
/// Numerics  products of one result added in the order of (tap, channel), on FMA where the ISA has it:
///           |error| <= (taps * channels + 2) * 2^-24 * (|bias| + sum |x * w|)
#pragma once

#include "backend/cpu/deconv/phases.h"
#include "backend/cpu/kernel_table.h"

namespace bolide::cpu {

/// Bytes of packed weights; the zeros start at 0.
struct PackedDeconv {
  std::int64_t panels_at = 0;
  std::int64_t tap_bytes = 0;  ///< of one tap of one group
  std::int64_t bytes = 0;
};
PackedDeconv packed_deconv(const ConvGeometry& geometry, const GemmKernels& kernels);
Status pack_deconv(const Problem& problem, const GemmKernels& kernels, std::span<std::byte> out);

Verdict check_deconv(const Problem& problem, const ConvGeometry& geometry, const KernelTable& table);
Result<std::unique_ptr<Kernel>> bind_deconv(const Problem& problem, const CpuTarget& target, int threads);

}  // namespace bolide::cpu
