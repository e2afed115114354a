#include "backend/cpu/depthwise/tactics.h"

#include "backend/cpu/depthwise/work.h"

namespace bolide::cpu {

std::span<const Tactic* const> depthwise_tactics() {
  static const std::array kTactics = {&depthwise_f32(), &depthwise_rows(), &depthwise_planes()};
  return kTactics;
}

}  // namespace bolide::cpu
