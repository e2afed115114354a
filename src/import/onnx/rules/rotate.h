/// Rotary positions, as ONNX and com.microsoft have them.
#pragma once

#include "import/onnx/rules/formula.h"

namespace bolide::onnx {

struct Rotation {
  std::int64_t dim = 0;      ///< numbers of each head that turn, from the first on; 0: all
  bool interleaved = false;  ///< pairs are neighbours, else half the numbers apart
  std::int64_t heads_axis = 1;
};

/// Pairs (a, b) of x [b, heads, s, size], or [b, s, heads, size] with heads_axis 2, become
/// (a cos - b sin, a sin + b cos); cos and sin are [b, s, dim / 2].
ValueId rotated(Formula& f, ValueId x, ValueId cos, ValueId sin, Rotation rotation);

}  // namespace bolide::onnx
