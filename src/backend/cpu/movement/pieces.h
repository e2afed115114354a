/// Operators that only move numbers, as strided copies between their operands.
#pragma once

#include "backend/cpu/movement/move.h"
#include "backend/problem.h"

namespace bolide::cpu {

/// Sizes with the strides and offsets of a destination and a source.
struct CopyView {
  Dims dims;
  Dims to_strides;
  Dims from_strides;
  std::int64_t to = 0;
  std::int64_t from = 0;

  void push(std::int64_t size, std::int64_t to_stride, std::int64_t from_stride) {
    dims.push_back(size);
    to_strides.push_back(to_stride);
    from_strides.push_back(from_stride);
  }
};

/// One copy. Offsets are in elements.
struct Piece {
  static constexpr int kZeros = -1;  ///< as `input`: a source of zero bytes

  Move move;
  int input = 0;
  int output = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  CopyView view;  ///< what `move` does, offsets included
};

/// The copies that make up `problem`. Errors: Unsupported with the reason.
Result<std::vector<Piece>> pieces_of(const Problem& problem);

}  // namespace bolide::cpu
