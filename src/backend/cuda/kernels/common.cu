// Types, conversions and elementwise functions that every kernel may use. Compiled by NVRTC without any header.
typedef unsigned char uint8_t;
typedef signed char int8_t;
typedef unsigned short uint16_t;
typedef short int16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef long long int64_t;

// Threads of a block. A kernel that would keep values in local memory, so that more blocks fit, is compiled once more for
// ONE_BLOCK, which may have all registers.
#ifdef ONE_BLOCK
#define BLOCK_OF(threads) __launch_bounds__(threads, 1)
#else
#define BLOCK_OF(threads) __launch_bounds__(threads)
#endif

// What a kernel found wrong in the data, of one of its threads; the host reads it when the run is over. May be null.
struct Fault { int64_t kind, value, size; };
constexpr int kIndexFault = 1, kPictureFault = 2, kLengthFault = 3;
__device__ __forceinline__ void report(Fault* fault, int kind, int64_t value, int64_t size) {
  if (fault == 0) return;
  fault->value = value;
  fault->size = size;
  fault->kind = kind;
}

struct half { uint16_t bits; };
struct bf16 { uint16_t bits; };
struct bool8 { uint8_t bits; };

__device__ __forceinline__ float to_f32(float x) { return x; }
__device__ __forceinline__ float to_f32(double x) { return (float)x; }
__device__ __forceinline__ float to_f32(half x) {
  float r;
  asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(x.bits));
  return r;
}
__device__ __forceinline__ float to_f32(bf16 x) { return __uint_as_float((uint32_t)x.bits << 16); }
__device__ __forceinline__ float to_f32(bool8 x) { return x.bits != 0 ? 1.f : 0.f; }
__device__ __forceinline__ float to_f32(int8_t x) { return (float)x; }
__device__ __forceinline__ float to_f32(uint8_t x) { return (float)x; }
__device__ __forceinline__ float to_f32(int16_t x) { return (float)x; }
__device__ __forceinline__ float to_f32(uint16_t x) { return (float)x; }
__device__ __forceinline__ float to_f32(int x) { return (float)x; }
__device__ __forceinline__ float to_f32(uint32_t x) { return (float)x; }
__device__ __forceinline__ float to_f32(int64_t x) { return (float)x; }
__device__ __forceinline__ float to_f32(uint64_t x) { return (float)x; }

// Numbers of any type in arithmetic A (float, double, int64_t).
template <class A> struct Load {
  template <class T> __device__ __forceinline__ static A from(T x) { return (A)x; }
  __device__ __forceinline__ static A from(half x) { return (A)to_f32(x); }
  __device__ __forceinline__ static A from(bf16 x) { return (A)to_f32(x); }
  __device__ __forceinline__ static A from(bool8 x) { return (A)(x.bits != 0 ? 1 : 0); }
};

// Storing: floats round to nearest even; integers from floats round to nearest even and saturate, from integers wrap.
template <class T> struct Store;
template <> struct Store<float> {
  __device__ __forceinline__ static float from(float x) { return x; }
  __device__ __forceinline__ static float from(double x) { return (float)x; }
  __device__ __forceinline__ static float from(int64_t x) { return (float)x; }
};
template <> struct Store<double> {
  template <class A> __device__ __forceinline__ static double from(A x) { return (double)x; }
};
template <> struct Store<half> {
  __device__ __forceinline__ static half from(float x) {
    half r;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r.bits) : "f"(x));
    return r;
  }
  __device__ __forceinline__ static half from(double x) {
    half r;
    asm("cvt.rn.f16.f64 %0, %1;" : "=h"(r.bits) : "d"(x));
    return r;
  }
  __device__ __forceinline__ static half from(int64_t x) { return from((float)x); }
};
template <> struct Store<bf16> {
  __device__ __forceinline__ static bf16 from(float x) {
    uint32_t b = __float_as_uint(x);
    bf16 r;
    if (x != x) r.bits = 0x7fff;
    else r.bits = (uint16_t)((b + 0x7fff + ((b >> 16) & 1)) >> 16);
    return r;
  }
  __device__ __forceinline__ static bf16 from(double x) { return from((float)x); }
  __device__ __forceinline__ static bf16 from(int64_t x) { return from((float)x); }
};
template <> struct Store<bool8> {
  template <class A> __device__ __forceinline__ static bool8 from(A x) {
    bool8 r;
    r.bits = x != (A)0 ? 1 : 0;
    return r;
  }
};
template <class T, int64_t LOW, int64_t HIGH> struct StoreInteger {
  __device__ __forceinline__ static T from(double x) {
    x = rint(x);
    if (x != x) return (T)0;
    return x <= (double)LOW ? (T)LOW : x >= (double)HIGH ? (T)HIGH : (T)(int64_t)x;
  }
  __device__ __forceinline__ static T from(float x) {
    x = rintf(x);
    if (x != x) return (T)0;
    return x <= (float)LOW ? (T)LOW : x >= (float)HIGH ? (T)HIGH : (T)(int64_t)x;
  }
  __device__ __forceinline__ static T from(int64_t x) { return (T)x; }
};
template <> struct Store<int8_t> : StoreInteger<int8_t, -128, 127> {};
template <> struct Store<uint8_t> : StoreInteger<uint8_t, 0, 255> {};
template <> struct Store<int16_t> : StoreInteger<int16_t, -32768, 32767> {};
template <> struct Store<uint16_t> : StoreInteger<uint16_t, 0, 65535> {};
template <> struct Store<int> : StoreInteger<int, -2147483647LL - 1, 2147483647LL> {};
template <> struct Store<uint32_t> : StoreInteger<uint32_t, 0, 4294967295LL> {};
template <> struct Store<int64_t> : StoreInteger<int64_t, -9223372036854775807LL - 1, 9223372036854775807LL> {};

// Two halves in one register, low first.
__device__ __forceinline__ uint32_t pack_pair(float low, float high, half*) {
  uint32_t r;
  asm("{ .reg .f16 a, b; cvt.rn.f16.f32 a, %1; cvt.rn.f16.f32 b, %2; mov.b32 %0, {a, b}; }" : "=r"(r) : "f"(low), "f"(high));
  return r;
}
__device__ __forceinline__ uint32_t pack_pair(float low, float high, bf16*) {
  return (uint32_t)Store<bf16>::from(low).bits | ((uint32_t)Store<bf16>::from(high).bits << 16);
}

// Elementwise functions (ops/fn.h) on floats and doubles.
__device__ __forceinline__ float fn_sign(float x) { return x > 0.f ? 1.f : x < 0.f ? -1.f : x; }
__device__ __forceinline__ double fn_sign(double x) { return x > 0. ? 1. : x < 0. ? -1. : x; }
__device__ __forceinline__ int64_t fn_sign(int64_t x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
// Powers of two and reciprocals by the unit for them: errors of two units in the last place; subnormals are zero.
__device__ __forceinline__ float exp2_near(float x) {
  float r;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
  return r;
}
__device__ __forceinline__ float reciprocal_near(float x) {
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
  return r;
}
__device__ __forceinline__ float fn_sigmoid(float x) { return reciprocal_near(1.f + exp2_near(-1.44269504f * x)); }
__device__ __forceinline__ double fn_sigmoid(double x) { return 1. / (1. + exp(-x)); }
__device__ __forceinline__ float fn_softplus(float x) { return x > 0.f ? x + log1pf(expf(-x)) : log1pf(expf(x)); }
__device__ __forceinline__ double fn_softplus(double x) { return x > 0. ? x + log1p(exp(-x)) : log1p(exp(x)); }
#if __CUDA_ARCH__ >= 800
__device__ __forceinline__ float fn_min(float a, float b) {
  float r;
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
  return r;
}
__device__ __forceinline__ float fn_max(float a, float b) {
  float r;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
  return r;
}
#else
__device__ __forceinline__ float fn_min(float a, float b) { return a != a ? a : b != b ? b : a < b ? a : b; }
__device__ __forceinline__ float fn_max(float a, float b) { return a != a ? a : b != b ? b : a > b ? a : b; }
#endif
__device__ __forceinline__ double fn_min(double a, double b) { return a != a ? a : b != b ? b : a < b ? a : b; }
__device__ __forceinline__ double fn_max(double a, double b) { return a != a ? a : b != b ? b : a > b ? a : b; }
__device__ __forceinline__ int64_t fn_min(int64_t a, int64_t b) { return a < b ? a : b; }
__device__ __forceinline__ int64_t fn_max(int64_t a, int64_t b) { return a > b ? a : b; }
__device__ __forceinline__ int64_t fn_div(int64_t a, int64_t b) {
  return b == 0 ? 0 : b == -1 ? (int64_t)(0ull - (uint64_t)a) : a / b;
}
__device__ __forceinline__ int64_t fn_fmod(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
__device__ __forceinline__ int64_t fn_mod(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
__device__ __forceinline__ float fn_mod(float a, float b) {
  const float rest = fmodf(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
__device__ __forceinline__ double fn_mod(double a, double b) {
  const double rest = fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
