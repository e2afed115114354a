// Depthwise convolution of channels-last images: a thread computes VEC channels of TW neighbouring output pixels in each
// of TH lines. Sums in f32, taps in order.
//
// Defines   FORMAT OUT       formats of x (and b) and of y
//           R S SY SX DY DX  kernel, strides, dilations;  TW TH: pixels and lines of a thread
//           VEC              8 (aligned 16-byte accesses of 16-bit formats; twice of f32), 2 (16-bit formats), or 1
//           KEEP             1: the weights of a thread stay in registers;  UNROLL: lines of the kernel read ahead
struct Depthwise {
  const char* x;
  const char* b;  // [R, S, c] of FORMAT
  char* y;
  Extra extra[kMostExtras];
  i64 x_image, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, c;
};
static_assert(sizeof(Depthwise) == ARGUMENT_BYTES, "the host lays out its arguments otherwise");

constexpr int kUnrolledLines = KEEP ? R : UNROLL;
constexpr int kBytes = FORMAT == 2 ? 4 : 2;
struct Vector {  // VEC elements as they lie in memory
  u32 words[VEC == 1 ? 1 : VEC * kBytes / 4];
};
DEVICE Vector load_vector(const char* from) {
  Vector out;
  if (VEC == 1) {
    out.words[0] = FORMAT == 2 ? *(const u32*)from : (u32) * (const u16*)from;
  } else if (VEC == 2) {
    out.words[0] = *(const u32*)from;
  } else {
#pragma unroll
    for (int i = 0; i < VEC * kBytes / 16; ++i) {
      const uint4 v = ((const uint4*)from)[i];
      out.words[4 * i] = v.x, out.words[4 * i + 1] = v.y, out.words[4 * i + 2] = v.z, out.words[4 * i + 3] = v.w;
    }
  }
  return out;
}
DEVICE Vector zero_vector() {
  Vector out;
#pragma unroll
  for (int i = 0; i < (int)(sizeof(out.words) / 4); ++i) out.words[i] = 0u;
  return out;
}
DEVICE void unpack(float (&out)[VEC], const Vector& v) {
  if (FORMAT == 2) {
#pragma unroll
    for (int i = 0; i < VEC; ++i) out[i] = __uint_as_float(v.words[i]);
  } else if (VEC == 1) {
    out[0] = FORMAT == 0 ? from_f16((u16)v.words[0]) : from_bf16((u16)v.words[0]);
  } else {
#pragma unroll
    for (int i = 0; i < VEC / 2; ++i) {
      const float2 f = unpack2<FORMAT == 2 ? 0 : FORMAT>(v.words[i]);
      out[2 * i] = f.x, out[VEC > 1 ? 2 * i + 1 : 0] = f.y;
    }
  }
}

extern "C" __global__ void BLOCK_OF(128) depthwise(const __grid_constant__ Depthwise p) {
  wait_for_kernel_before();
  const int vectors = (p.c + VEC - 1) / VEC, across = (p.ow + TW - 1) / TW, down = (p.oh + TH - 1) / TH;
  const u32 id = blockIdx.x * 128u + threadIdx.x;
  const int channel = (int)(id % (u32)vectors) * VEC;
  const u32 piece = id / (u32)vectors;
  const int x0 = (int)(piece % (u32)across) * TW, y0 = (int)(piece / (u32)across % (u32)down) * TH;
  const int image = (int)(piece / (u32)across / (u32)down);
  if (image >= p.images) return;

  Vector kept[KEEP ? R * S : 1];
  if (KEEP) {
#pragma unroll
    for (int i = 0; i < (KEEP ? R * S : 1); ++i) kept[i] = load_vector(p.b + ((i64)i * p.c + channel) * kBytes);
  }
  float constant[EXTRAS > 0 ? EXTRAS : 1][VEC];  // operands of kinds 0 and 1
#pragma unroll
  for (int e = 0; e < EXTRAS; ++e)
    if (EXTRA_KIND(e) <= 1) {
#pragma unroll
      for (int v = 0; v < VEC; ++v)
        constant[e][v] = load_format(EXTRA_FORMAT(e), p.extra[e].data, EXTRA_KIND(e) == 0 ? 0 : channel + v);
    }
  constexpr int kSpan = (TW - 1) * SX + (S - 1) * DX + 1;
  const int left = x0 * SX - p.pad_w;
  for (int line = 0; line < TH; ++line) {
    const int y = y0 + line;
    if (y >= p.oh) break;
    float acc[TW][VEC];
#pragma unroll
    for (int t = 0; t < TW; ++t)
#pragma unroll
      for (int v = 0; v < VEC; ++v) acc[t][v] = 0.f;
#pragma unroll kUnrolledLines
    for (int ky = 0; ky < R; ++ky) {
      const int iy = y * SY - p.pad_h + ky * DY;
      const bool inside = (u32)iy < (u32)p.h;
      const char* const from = p.x + (image * p.x_image + iy * p.x_line + channel) * kBytes;
      Vector row[S];
      if (!KEEP) {
#pragma unroll
        for (int kx = 0; kx < S; ++kx) row[kx] = load_vector(p.b + ((i64)(ky * S + kx) * p.c + channel) * kBytes);
      }
      Vector in[kSpan];
#pragma unroll
      for (int i = 0; i < kSpan; ++i) {
        const int ix = left + i;
        in[i] = zero_vector();
        if (inside && (u32)ix < (u32)p.w) in[i] = load_vector(from + ix * p.x_pixel * kBytes);
      }
#pragma unroll
      for (int i = 0; i < kSpan; ++i) {
        float value[VEC];
        unpack(value, in[i]);
#pragma unroll
        for (int t = 0; t < TW; ++t) {
          const int offset = i - t * SX;
          if (offset < 0 || offset % DX != 0 || offset / DX >= S) continue;
          const int kx = offset / DX;
          float weight[VEC];
          unpack(weight, KEEP ? kept[KEEP ? ky * S + kx : 0] : row[kx]);
#pragma unroll
          for (int v = 0; v < VEC; ++v) acc[t][v] = fmaf(value[v], weight[v], acc[t][v]);
        }
      }
    }
#pragma unroll
    for (int t = 0; t < TW; ++t) {
      const int x = x0 + t;
      if (x >= p.ow) continue;
      const Place place = {image, y, x};
      float result[8];
#pragma unroll
      for (int v = 0; v < VEC; ++v) {
        float e[EXTRAS + 1];
        e[0] = acc[t][v];
#pragma unroll
        for (int k = 0; k < EXTRAS; ++k)
          e[k + 1] = EXTRA_KIND(k) <= 1 ? constant[k][v]
                                        : load_format(EXTRA_FORMAT(k), p.extra[k].data,
                                                      extra_offset(p.extra[k], EXTRA_KIND(k), 0,
                                                                   ((i64)image * p.oh + y) * p.ow + x, place,
                                                                   channel + v));
        result[v] = epilogue(e);
      }
      const i64 to = image * p.y_image + y * p.y_line + x * p.y_pixel + channel;
      if (VEC == 8)
        store8<OUT>(p.y + to * (OUT == 2 ? 4 : 2), result);
      else if (VEC == 2)
        *(u32*)(p.y + to * 2) = pack2<OUT == 2 ? 0 : OUT>(result[0], result[1]);
      else
        store1<OUT>(p.y, to, result[0]);
    }
  }
}
