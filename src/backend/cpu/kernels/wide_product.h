/// Matrix products of numbers of 32 and 64 bits other than f32.
#pragma once

#include <cstdint>

namespace bolide {

struct WideProductKernels {
  /// y[i, j] = sum over p of a[i, p] * b[p, j] in the order of p, f64 with one rounding a term where the ISA has
  /// FMA and two on the baseline; integers wrap. Strides in elements; columns of b and y are contiguous.
  struct Operands {
    const void* a;
    std::int64_t a_row;
    std::int64_t a_depth;
    const void* b;
    std::int64_t b_depth;
    void* y;
    std::int64_t y_row;
  };
  using Multiply = void (*)(const Operands& operands, std::int64_t rows, std::int64_t columns, std::int64_t depth);

  Multiply f64;
  Multiply i64;  ///< and u64
  Multiply i32;  ///< and u32
};

}  // namespace bolide
