/// Vector functions for elementwise expressions: one function pointer per Fn, and converters between f32 and storage.
#pragma once

#include <bolide/types.h>

#include "ops/fn.h"

namespace bolide {

/// out = in[0] * in[1] + in[2] * in[3], or the difference: rows of contiguous floats, `row` apart.
struct ProductSum {
  const float* in[4] = {};
  std::int64_t row[4] = {};
  float* out = nullptr;
  std::int64_t out_row = 0;
  std::int64_t rows = 0;
  std::int64_t length = 0;
  bool minus = false;
};

struct EltwiseKernels {
  /// out[i] = fn(a[i], b[i], c[i]) for i in [0, n), with the meaning of apply<float>. Bit j of `scalar_mask` says that
  /// argument j (a, b, c) is one float for all i. Arguments that the function does not have are not read. `out` may be
  /// equal to an argument; otherwise they do not overlap. Nothing beyond n is read or written. The result for one
  /// element does not depend on its position or on n. Null: no vector form in this table.
  using Function = void (*)(const float* a, const float* b, const float* c, float* out, std::int64_t n,
                            int scalar_mask);
  /// out[i] = float(from[i]). f64 and 32/64-bit integers round to nearest even; bool gives 0 or 1.
  using Load = void (*)(const void* from, float* out, std::int64_t n);
  /// to[i] = from[i]. Integers: round half to even, then saturate, NaN gives 0; f16, bf16: round half to even;
  /// bool: not zero.
  using Store = void (*)(const float* from, void* to, std::int64_t n);

  /// The least and the largest of x[0, n) and 0; NaN does not count.
  using Range = void (*)(const float* x, std::int64_t n, float* low, float* high);

  /// Rows of `length` floats from one matrix to another; strides between rows in floats.
  using CopyRows = void (*)(const float* from, std::int64_t from_row, float* to, std::int64_t to_row, std::int64_t rows,
                            std::int64_t length);

  Function fn[kFnCount];
  Range range;
  Function silu;                ///< a * sigmoid(a), which would be two of the above
  Load load[kDataTypeCount];    ///< null for types without a vector form
  Store store[kDataTypeCount];  ///< likewise
  CopyRows copy_rows;
  void (*product_sum)(const ProductSum& sum);
};

}  // namespace bolide
