/// Families of tactics that differ by numbers.
#pragma once

#include "backend/tactic.h"

#include <array>

namespace bolide::cuda {

/// The addresses of tactics that live as long as the process, in their order.
template <class T, std::size_t kCount>
constexpr std::array<const Tactic*, kCount> tactic_list(const T (&tactics)[kCount]) {
  std::array<const Tactic*, kCount> out = {};
  for (std::size_t i = 0; i < kCount; ++i) out[i] = &tactics[i];
  return out;
}

}  // namespace bolide::cuda
