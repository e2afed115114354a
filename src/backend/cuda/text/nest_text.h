/// Loops over strided operands, written into kernel text with their sizes as numbers.
#pragma once

#include "backend/problem.h"

namespace bolide::cuda {

/// Dims from outermost to innermost by the first operand's strides, dims of size 1 dropped, neighbours joined where all
/// operands allow it. At least one dim.
struct NestText {
  Dims dims;
  std::vector<Dims> strides;  ///< by operand, in elements

  static NestText make(const Dims& dims, std::vector<Dims> strides);
  std::int64_t count() const;
  /// The widest of 8, 4, 2, 1 elements along the innermost dim that all operands can move at once, each element of at
  /// most `bytes` bytes and 16 bytes in all: inner strides are 1 or 0 (the first's is 1), the outer ones multiples.
  int width(int bytes) const;
  /// Statements that turn `index` (an expression: which group of `width` elements) into `o0`, `o1`, ...: where each
  /// operand's group begins. Products of 64 bits where an operand reaches beyond 2^31 elements.
  std::string offsets(std::string_view index, int width) const;
  /// A device function `name(index, at)` that fills at[operand] with what offsets() computes.
  std::string function(std::string_view name, int width) const;
  /// The type of offsets: "unsigned" or "int64_t".
  std::string_view offset_type() const;
};

}  // namespace bolide::cuda
