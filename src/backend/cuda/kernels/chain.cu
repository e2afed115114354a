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
// The place of an index in [0, size): from the end when negative. One outside is reported and taken to the nearest.
__device__ __forceinline__ int64_t place_of(int64_t index, int64_t size, Fault* fault) {
  const int64_t at = index < 0 ? index + size : index;
  if (at >= 0 && at < size) return at;
  report(fault, kIndexFault, index, size);
  return at < 0 ? 0 : size - 1;
}
// The picture of a box, likewise, but never from the end.
__device__ __forceinline__ int64_t picture_of(double index, int64_t size, Fault* fault) {
  if (index >= 0 && index < (double)size) return (int64_t)index;
  report(fault, kPictureFault, (int64_t)index, size);
  return 0;
}
