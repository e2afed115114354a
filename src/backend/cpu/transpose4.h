/// Four by four elements of 32 bits.
#pragma once

#include <cstdint>
#include <cstring>

namespace bolide::cpu {

using Vec4 = std::uint32_t __attribute__((vector_size(16)));

inline Vec4 load4(const void* from) {
  Vec4 v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
inline void store4(void* to, Vec4 v) { std::memcpy(to, &v, sizeof(v)); }

/// to[t * to_stride + l] = from[l * from_stride + t] for 4 x 4 elements.
template <class T>
void transpose4(T* to, std::int64_t to_stride, const T* from, std::int64_t from_stride) {
  static_assert(sizeof(T) == 4);
  const Vec4 a = load4(from);
  const Vec4 b = load4(from + from_stride);
  const Vec4 c = load4(from + 2 * from_stride);
  const Vec4 d = load4(from + 3 * from_stride);
  const Vec4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Vec4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Vec4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Vec4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store4(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store4(to + to_stride, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store4(to + 2 * to_stride, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store4(to + 3 * to_stride, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

}  // namespace bolide::cpu
