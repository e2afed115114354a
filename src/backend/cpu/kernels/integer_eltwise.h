/// Elementwise functions on integers, which wrap, and their way from and to storage.
#pragma once

#include <bolide/types.h>

#include "ops/fn.h"

namespace bolide {

template <class T>
struct IntegerEltwise {
  /// out[i] = fn(a[i], b[i], c[i]) for i in [0, n), with the meaning of apply<T> (shifts by the width of T or more give
  /// 0 or the sign). Arguments that the function does not have are not read. `out` may be equal to an argument.
  /// Null: no vector form.
  using Function = void (*)(const T* a, const T* b, const T* c, T* out, std::int64_t n);
  using Load = void (*)(const void* from, T* out, std::int64_t n);  ///< wraps; bool gives 0 or 1
  using Store = void (*)(const T* from, void* to, std::int64_t n);  ///< wraps; bool: not zero

  Function fn[kFnCount];
  Load load[kDataTypeCount];    ///< of integers of whole bytes and bool
  Store store[kDataTypeCount];  ///< likewise
};

struct IntegerEltwiseKernels {
  IntegerEltwise<std::uint8_t> u8;
  IntegerEltwise<std::int32_t> i32;
  IntegerEltwise<std::uint32_t> u32;
  IntegerEltwise<std::int64_t> i64;
  IntegerEltwise<std::uint64_t> u64;
  /// out[i] = from[i] towards zero where that is inside i32; false when some is not, which is 0 then.
  bool (*truncate)(const float* from, std::int32_t* out, std::int64_t n);
};

}  // namespace bolide
