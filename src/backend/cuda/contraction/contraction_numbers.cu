// Number formats, vector accesses and the epilogue that the contraction kernels share. Compiled by NVRTC: no header.
// Formats are 0: f16, 1: bf16, 2: f32; some kernels take 3: u8, 4: i8, 5: i32, too.
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#ifndef PDL
#define PDL 0
#endif
#define DEVICE static __device__ __forceinline__

constexpr int bytes_of(int format) { return format == 2 || format == 5 ? 4 : format < 2 ? 2 : 1; }
DEVICE u32 shared_address(const void* p) { return (u32)__cvta_generic_to_shared(p); }

DEVICE float from_f16(u16 bits) {
  float out;
  asm("cvt.f32.f16 %0, %1;" : "=f"(out) : "h"(bits));
  return out;
}
DEVICE u16 to_f16(float value) {
  u16 out;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(out) : "f"(value));
  return out;
}
DEVICE float from_bf16(u16 bits) { return __uint_as_float((u32)bits << 16); }
DEVICE u16 to_bf16(float value) {
#if __CUDA_ARCH__ >= 800
  u16 out;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(out) : "f"(value));
  return out;
#else
  const u32 bits = __float_as_uint(value), nearest = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return (u16)((bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : nearest);
#endif
}

// Two neighbours of a 16-bit format in one word, the first in the low half.
template <int kFormat>
DEVICE u32 pack2(float low, float high) {
#if __CUDA_ARCH__ >= 800
  u32 out;
  if (kFormat == 0)
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(out) : "f"(high), "f"(low));
  else
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(out) : "f"(high), "f"(low));
  return out;
#else
  if (kFormat == 0) return (u32)to_f16(low) | ((u32)to_f16(high) << 16);
  return (u32)to_bf16(low) | ((u32)to_bf16(high) << 16);
#endif
}
template <int kFormat>
DEVICE float2 unpack2(u32 word) {
  if (kFormat == 0) return make_float2(from_f16((u16)word), from_f16((u16)(word >> 16)));
  return make_float2(__uint_as_float(word << 16), __uint_as_float(word & 0xffff0000u));
}

// Element `index` of an array of the format.
template <int kFormat>
DEVICE float load1(const void* base, i64 index) {
  if (kFormat == 2) return ((const float*)base)[index];
  const u16 bits = ((const u16*)base)[index];
  return kFormat == 0 ? from_f16(bits) : from_bf16(bits);
}
template <int kFormat>
DEVICE void store1(void* base, i64 index, float value) {
  if (kFormat == 2)
    ((float*)base)[index] = value;
  else
    ((u16*)base)[index] = kFormat == 0 ? to_f16(value) : to_bf16(value);
}
template <int kFormat>
DEVICE void store8(void* to, const float (&v)[8]) {
  if (kFormat == 2) {
    ((float4*)to)[0] = make_float4(v[0], v[1], v[2], v[3]);
    ((float4*)to)[1] = make_float4(v[4], v[5], v[6], v[7]);
  } else {
    *(uint4*)to = make_uint4(pack2<kFormat>(v[0], v[1]), pack2<kFormat>(v[2], v[3]), pack2<kFormat>(v[4], v[5]),
                             pack2<kFormat>(v[6], v[7]));
  }
}

// Operands that the epilogue reads beside the sum. kKind: 0 one number, 1 a vector over columns, 2 rows a fixed distance
// apart with neighbouring columns, 3 strides for image, line, pixel and column.
struct Extra {
  const char* data;
  i64 batch0, batch1;  // strides in elements of the two batch dims
  i64 image, line, pixel, column;
};
constexpr int kMostExtras = 4;
#ifndef EXTRAS
#define EXTRAS 0
#endif
#ifndef EXTRA_KINDS
#define EXTRA_KINDS 0x0
#endif
#ifndef EXTRA_FORMATS
#define EXTRA_FORMATS 0x0
#endif
// Kinds and formats are written as hexadecimal digits, the first operand lowest.
#define EXTRA_KIND(i) (((EXTRA_KINDS) >> (4 * (i))) & 15)
// A bit an operand: neighbouring columns may be read together (16-bit formats).
#ifndef EXTRA_PAIRS
#define EXTRA_PAIRS 0
#endif
#define EXTRA_PAIRED(i) (((EXTRA_PAIRS) >> (i)) & 1)
#define EXTRA_FORMAT(i) (((EXTRA_FORMATS) >> (4 * (i))) & 15)
constexpr bool any_placed(int i) { return i < EXTRAS && (EXTRA_KIND(i) == 3 || any_placed(i + 1)); }
constexpr bool kAnyPlaced = any_placed(0);

DEVICE float load_format(int format, const char* data, i64 offset) {
  return format == 0 ? load1<0>(data, offset) : format == 1 ? load1<1>(data, offset) : load1<2>(data, offset);
}

// Results of 16 bits do not show what this saves. 1 - |erf| is a power of two, its exponent a polynomial fitted by
// ourselves: erf is off by at most 3e-6, and 1 - |erf| by at most 5e-6 of itself where it is above 1e-5.
#if FASTMATH
DEVICE float quick_erf(float x) {
  const float a = fabsf(x);
  float p = fmaf(-1.76298363e-5f, a, 4.5540565e-4f);
  p = fmaf(fmaf(fmaf(p, a, -5.08867623e-3f), a, 3.36236134e-2f), a, -1.52128831e-1f);
  p = fmaf(fmaf(p, a, -9.17222738e-1f), a, -1.62804198f) * a;
  return copysignf(1.f - exp2_near(p), x);
}
#define erff quick_erf
#endif

// Where launches overlap: nothing before it reads what the kernel before wrote.
DEVICE void wait_for_kernel_before() {
#if PDL
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

struct Place {  // where a row of the result lies
  int image, line, pixel;
};
DEVICE i64 extra_offset(const Extra& e, int kind, i64 batch, i64 row, const Place& place, int column) {
  if (kind == 0) return batch;
  if (kind == 1) return batch + column;
  if (kind == 2) return batch + row * e.pixel + column;
  return batch + place.image * e.image + place.line * e.line + place.pixel * e.pixel + column * e.column;
}
