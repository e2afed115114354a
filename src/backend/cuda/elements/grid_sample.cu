// Positions of a grid and the elements around them. After common.cu.
//
// Defines   MODE 0: linear, 1: nearest, 2: cubic;  PADDING 0: zeros, 1: the border, 2: mirrored;  ALIGN: align_corners
constexpr int kTaps = MODE == 0 ? 2 : MODE == 1 ? 1 : 4;
struct Taps {
  int index[kTaps];  // -1: a zero
  float weight[kTaps];
};

__device__ __forceinline__ float reflected(float at, float low, float high) {
  const float range = high - low;
  if (!(range > 0.f) || !(at - at == 0.f)) return low;
  const float folded = fmodf(fabsf(at - low), 2.f * range);
  return low + (folded <= range ? folded : 2.f * range - folded);
}
__device__ __forceinline__ int whole_below(float at) {
  return !(at > -1e9f) ? -1000000000 : at < 1e9f ? (int)floorf(at) : 1000000000;
}
__device__ __forceinline__ int element_of(int i, int size) {
  if (i >= 0 && i < size) return i;
  if (PADDING == 0) return -1;
  if (PADDING == 2)
    i = whole_below(reflected((float)i, ALIGN ? 0.f : -0.5f, ALIGN ? size - 1.f : size - 0.5f));
  return i < 0 ? 0 : i >= size ? size - 1 : i;
}
__device__ __forceinline__ Taps taps_of(float given, int size) {
  const float count = (float)size, low = ALIGN ? 0.f : -0.5f, high = ALIGN ? count - 1.f : count - 0.5f;
  float at = ALIGN ? (given + 1.f) / 2.f * (count - 1.f) : ((given + 1.f) * count - 1.f) / 2.f;
  if (MODE == 1) at = rintf(at);
  if (!(at >= low && at <= high)) {
    if (PADDING == 1 && (MODE != 2 || !(at - at == 0.f))) at = at > 0.f ? count - 1.f : 0.f;
    if (PADDING == 2) at = reflected(at, low, high);
  }
  const int base = whole_below(at);
  const float t = at - at == 0.f ? at - floorf(at) : 0.f;
  Taps out;
  if (MODE == 1) {
    out.index[0] = element_of(base, size);
    out.weight[0] = 1.f;
  } else if (MODE == 0) {
    out.index[0] = element_of(base, size);
    out.index[kTaps > 1 ? 1 : 0] = element_of(base + 1, size);
    out.weight[0] = 1.f - t;
    out.weight[kTaps > 1 ? 1 : 0] = t;
  } else {
#pragma unroll
    for (int i = 0; i < kTaps; ++i) {
      const float d = i < 2 ? t + (1 - i) : (i - 1) - t, a = -0.75f;
      out.index[i] = element_of(base - 1 + i, size);
      out.weight[i] = i == 1 || i == 2 ? ((a + 2.f) * d - (a + 3.f)) * d * d + 1.f : ((a * d - 5.f * a) * d + 8.f * a) * d - 4.f * a;
    }
  }
  return out;
}
