#include "backend/cpu/kernels/wide_product.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace bolide::BOLIDE_ISA_NS {

namespace {

using I64 = std::int64_t;

template <class T>
struct Lanes {
  typedef T Vector __attribute__((vector_size(64)));
  static void add_product(T factor, const Vector& row, Vector& sum) { sum += factor * row; }
};

#if defined(__AVX512F__)
template <>
struct Lanes<double> {
  typedef double Vector __attribute__((vector_size(64)));
  static void add_product(double factor, const Vector& row, Vector& sum) {
    sum = reinterpret_cast<Vector>(
        _mm512_fmadd_pd(_mm512_set1_pd(factor), reinterpret_cast<__m512d>(row), reinterpret_cast<__m512d>(sum)));
  }
};
#elif defined(__AVX2__)
template <>
struct Lanes<double> {
  struct Vector {
    __m256d low;
    __m256d high;
  };
  static void add_product(double factor, const Vector& row, Vector& sum) {
    const __m256d both = _mm256_set1_pd(factor);
    sum = {_mm256_fmadd_pd(both, row.low, sum.low), _mm256_fmadd_pd(both, row.high, sum.high)};
  }
};
#endif

constexpr I64 kDepth = 256;  ///< rows of b that lie packed at once

template <class T>
constexpr I64 kColumns = 128 / static_cast<I64>(sizeof(T));  // two vectors

/// What y[kRows, columns] has (0 when `first`) and the products of a's and b's rows; b has all kColumns.
template <class T, int kRows>
void tile(const T* a, I64 a_row, I64 a_depth, const T* b, I64 b_depth, T* y, I64 y_row, I64 columns, I64 depth,
          bool first) {
  using Vector = typename Lanes<T>::Vector;
  constexpr I64 kLanes = kColumns<T> / 2;
  Vector sums[kRows][2] = {};
  const std::size_t bytes = static_cast<std::size_t>(columns) * sizeof(T);
#pragma GCC unroll 8
  for (int r = 0; r < kRows && !first; ++r) {
    Vector row[2] = {};
    __builtin_memcpy(row, y + r * y_row, bytes);
    sums[r][0] = row[0];
    sums[r][1] = row[1];
  }
  for (I64 p = 0; p < depth; ++p) {
    Vector low;
    Vector high;
    __builtin_memcpy(&low, b + p * b_depth, sizeof(Vector));
    __builtin_memcpy(&high, b + p * b_depth + kLanes, sizeof(Vector));
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const T factor = a[r * a_row + p * a_depth];
      Lanes<T>::add_product(factor, low, sums[r][0]);
      Lanes<T>::add_product(factor, high, sums[r][1]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {  // by way of a row, so that the sums stay in registers
    const Vector row[2] = {sums[r][0], sums[r][1]};
    __builtin_memcpy(y + r * y_row, row, bytes);
  }
}

/// Up to kColumns columns of the result: b's are packed some rows at a time, so that they lie side by side.
template <class T>
void strip(const WideProductKernels::Operands& o, I64 column, I64 rows, I64 columns, I64 depth) {
  alignas(64) T packed[kDepth * kColumns<T>];
  const T* b = static_cast<const T*>(o.b) + column;
  T* y = static_cast<T*>(o.y) + column;
  const bool whole = columns == kColumns<T>;
  const bool packs = !whole || rows >= 16;
  const std::size_t bytes = static_cast<std::size_t>(columns) * sizeof(T);
  for (I64 done = 0; done < depth || done == 0; done += kDepth) {
    const I64 count = depth - done < kDepth ? depth - done : kDepth;
    const T* a = static_cast<const T*>(o.a) + done * o.a_depth;
    const T* from = b + done * o.b_depth;
    for (I64 p = 0; p < count && packs; ++p) {
      T* const to = packed + p * kColumns<T>;
      if (!whole) __builtin_memset(to, 0, sizeof(T) * static_cast<std::size_t>(kColumns<T>));
      __builtin_memcpy(to, from + p * o.b_depth, whole ? sizeof(T) * static_cast<std::size_t>(kColumns<T>) : bytes);
    }
    const T* rows_of_b = packs ? packed : from;
    const I64 b_depth = packs ? kColumns<T> : o.b_depth;
    const auto run = [&]<int kRows>(I64 r) {
      tile<T, kRows>(a + r * o.a_row, o.a_row, o.a_depth, rows_of_b, b_depth, y + r * o.y_row, o.y_row, columns, count,
                     done == 0);
    };
    I64 r = 0;
    for (; sizeof(T) == 8 && r + 8 <= rows; r += 8) run.template operator()<8>(r);
    for (; r + 4 <= rows; r += 4) run.template operator()<4>(r);
    for (; r < rows; ++r) run.template operator()<1>(r);
  }
}

template <class T>
void multiply(const WideProductKernels::Operands& o, I64 rows, I64 columns, I64 depth) {
  for (I64 c = 0; c < columns; c += kColumns<T>) {
    strip<T>(o, c, rows, columns - c < kColumns<T> ? columns - c : kColumns<T>, depth);
  }
}

}  // namespace

extern const WideProductKernels kWideProduct;
constexpr WideProductKernels kWideProduct = {multiply<double>, multiply<std::uint64_t>, multiply<std::uint32_t>};

}  // namespace bolide::BOLIDE_ISA_NS
