#include "backend/cpu/matmul/tactics.h"

#include <array>

namespace bolide {

std::span<const Tactic* const> matmul_tactics() {
  static const std::array kTactics = {
      &matmul_tiles_f32(),
  };
  return kTactics;
}

}  // namespace bolide
