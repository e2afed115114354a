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
