/// Rough times for ranking; the clock decides among what they leave.
#pragma once

#include "backend/cpu/isa.h"

#include <algorithm>

namespace bolide::cpu {

/// No more than 2^52: sizes that no memory holds are ranked too, before they are refused.
inline std::int64_t operand_bytes(const Operand& operand) {
  constexpr std::int64_t kMostElements = std::int64_t{1} << 48;
  return operand.absent ? 0 : std::min(operand.count(), kMostElements) * bit_width(operand.dtype) / 8;
}
inline std::int64_t problem_bytes(const Problem& problem) {
  std::int64_t out = 0;
  for (const Operand& operand : problem.inputs) out += operand_bytes(operand);
  for (const Operand& operand : problem.outputs) out += operand_bytes(operand);
  return out;
}

/// Microseconds to move `bytes` and to spend `core_us` of arithmetic over all threads, overlapping for the most part:
/// 60 GB/s a core while the data fit its L2, 20 while they fit the L3, else 10.
inline double estimate_us(const CpuTarget& target, double bytes, double core_us) {
  const double threads = std::max(1, target.threads);
  const double per_us = bytes / threads <= static_cast<double>(target.l2_bytes) ? 60e3
                        : bytes <= static_cast<double>(target.l3_bytes)         ? 20e3
                                                                                : 10e3;
  const double memory_us = bytes / per_us;
  const double one = std::max(memory_us, core_us) + 0.3 * std::min(memory_us, core_us);
  return one < 8 ? 0.2 + one : 2 + one / threads;
}

}  // namespace bolide::cpu
