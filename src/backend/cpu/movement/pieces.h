/// Operators that only move numbers, as strided copies between their operands.
#pragma once

#include "backend/cpu/movement/move.h"
#include "backend/problem.h"

namespace bolide::cpu {

/// One copy. Offsets are in elements.
struct Piece {
  static constexpr int kZeros = -1;  ///< as `input`: a source of zero bytes

  Move move;
  int input = 0;
  int output = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// The copies that make up `problem`. Errors: Unsupported with the reason.
Result<std::vector<Piece>> pieces_of(const Problem& problem);

}  // namespace bolide::cpu
