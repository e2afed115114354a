#include "backend/cpu/elementwise/tactics.h"

#include "backend/cpu/elementwise/all.h"

#include <array>

namespace bolide::cpu {

std::span<const Tactic* const> elementwise_tactics() {
  static const std::array kTactics = {&elementwise_f32(), &elementwise_int(), &elementwise_f64(), &cast_to_int()};
  return kTactics;
}

}  // namespace bolide::cpu
