// Several elements moved at once.
template <class T, int N> struct alignas(sizeof(T) * N) Group { T at[N]; };
template <class T> __device__ __forceinline__ int64_t truncated(T x) {
  if (!(x - x == 0)) return 0;
  const double whole = trunc((double)x);
  if (fabs(whole) < 9223372036854775808.0) return (int64_t)whole;
  const double rest = fmod(fabs(whole), 18446744073709551616.0);
  const uint64_t bits = (uint64_t)rest;
  return (int64_t)(x < 0 ? 0 - bits : bits);
}
// The place of an index in [0, size): from the end when negative. One outside is taken to the nearest.
__device__ __forceinline__ int64_t place_of(int64_t index, int64_t size) {
  if (index < 0) index += size;
  return index < 0 ? 0 : index >= size ? size - 1 : index;
}
