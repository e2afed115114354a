#include "backend/cpu/kernels/wide_product.h"

namespace bolide::BOLIDE_ISA_NS {

namespace {

using I64 = std::int64_t;

/// kRows x columns of the result, columns up to two vectors; kWhole: exactly two.
template <class T, int kRows, bool kWhole>
void tile(const T* a, I64 a_row, I64 a_depth, const T* b, I64 b_depth, T* y, I64 y_row, I64 columns, I64 depth) {
  typedef T Vector __attribute__((vector_size(64)));
  constexpr I64 kLane = 64 / static_cast<I64>(sizeof(T));
  Vector sums[kRows][2] = {};
  const std::size_t bytes = static_cast<std::size_t>(columns) * sizeof(T);
  for (I64 p = 0; p < depth; ++p) {
    Vector row[2] = {};
    __builtin_memcpy(row, b + p * b_depth, kWhole ? sizeof(row) : bytes);
    for (int r = 0; r < kRows; ++r) {
      const T factor = a[r * a_row + p * a_depth];
      sums[r][0] += factor * row[0];
      sums[r][1] += factor * row[1];
    }
  }
  for (int r = 0; r < kRows; ++r) __builtin_memcpy(y + r * y_row, sums[r], kWhole ? sizeof(sums[r]) : bytes);
  static_assert(kLane * 2 * static_cast<I64>(sizeof(T)) == sizeof(sums[0]));
}

template <class T, bool kWhole>
void strip(const T* a, I64 a_row, I64 a_depth, const T* b, I64 b_depth, T* y, I64 y_row, I64 rows, I64 columns,
           I64 depth) {
  I64 r = 0;
  for (; sizeof(T) == 8 && kWhole && r + 8 <= rows; r += 8) {
    tile<T, 8, kWhole>(a + r * a_row, a_row, a_depth, b, b_depth, y + r * y_row, y_row, columns, depth);
  }
  for (; r + 4 <= rows; r += 4) {
    tile<T, 4, kWhole>(a + r * a_row, a_row, a_depth, b, b_depth, y + r * y_row, y_row, columns, depth);
  }
  for (; r < rows; ++r) {
    tile<T, 1, kWhole>(a + r * a_row, a_row, a_depth, b, b_depth, y + r * y_row, y_row, columns, depth);
  }
}

template <class T>
void multiply(const WideProductKernels::Operands& o, I64 rows, I64 columns, I64 depth) {
  constexpr I64 kColumns = 128 / static_cast<I64>(sizeof(T));
  const T* a = static_cast<const T*>(o.a);
  const T* b = static_cast<const T*>(o.b);
  T* y = static_cast<T*>(o.y);
  I64 c = 0;
  for (; c + kColumns <= columns; c += kColumns) {
    strip<T, true>(a, o.a_row, o.a_depth, b + c, o.b_depth, y + c, o.y_row, rows, kColumns, depth);
  }
  if (c < columns) strip<T, false>(a, o.a_row, o.a_depth, b + c, o.b_depth, y + c, o.y_row, rows, columns - c, depth);
}

}  // namespace

extern const WideProductKernels kWideProduct;
constexpr WideProductKernels kWideProduct = {multiply<double>, multiply<std::uint64_t>, multiply<std::uint32_t>};

}  // namespace bolide::BOLIDE_ISA_NS
