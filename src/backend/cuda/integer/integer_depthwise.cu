// Depthwise convolution of 8-bit integers, channels-last: a thread computes VEC channels of one output pixel. Sums exact.
//
// Defines   AFORMAT OUT      formats of x and y;  AZERO: the zero point of x
//           R S SY SX DY DX  kernel, strides, dilations
//           VEC              4 (x and y aligned to four channels) or 1
struct Depthwise {
  const char* x;
  const short* b;  // [R, S, c], zero point taken off
  char* y;
  Extra extra[kMostExtras];
  i64 x_image, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, c;
};

extern "C" __global__ void BLOCK_OF(128) depthwise_integers(const __grid_constant__ Depthwise p) {
  const int vectors = p.c / VEC;
  const u32 id = blockIdx.x * 128u + threadIdx.x, pixels = id / (u32)vectors;
  const int channel = (int)(id % (u32)vectors) * VEC;
  const int x = (int)(pixels % (u32)p.ow), y = (int)(pixels / (u32)p.ow % (u32)p.oh);
  const int image = (int)(pixels / (u32)p.ow / (u32)p.oh);
  if (image >= p.images) return;
  int acc[VEC];
#pragma unroll
  for (int v = 0; v < VEC; ++v) acc[v] = 0;
#pragma unroll 3
  for (int ky = 0; ky < R; ++ky) {
    const int iy = y * SY - p.pad_h + ky * DY;
    if ((u32)iy >= (u32)p.h) continue;
#pragma unroll
    for (int kx = 0; kx < S; ++kx) {
      const int ix = x * SX - p.pad_w + kx * DX;
      if ((u32)ix >= (u32)p.w) continue;
      const char* const from = p.x + image * p.x_image + iy * p.x_line + ix * p.x_pixel + channel;
      const short* const weight = p.b + (ky * S + kx) * p.c + channel;
      if (VEC == 4) {
        const u32 word = *(const u32*)from;
        const uint2 w = *(const uint2*)weight;
        const u32 pairs[2] = {w.x, w.y};
#pragma unroll
        for (int v = 0; v < VEC; ++v) {
          const u32 byte = word >> (8 * v);
          const int value = (AFORMAT == 3 ? (int)(byte & 0xffu) : (int)(i8)byte) - (AZERO);
          acc[v] += value * (int)(short)(pairs[v / 2] >> (16 * (v % 2)));
        }
      } else {
        acc[0] += (load_integer<AFORMAT>(from, 0) - (AZERO)) * (int)weight[0];
      }
    }
  }
  const Place place = {image, y, x};
  u32 bits[VEC];
#pragma unroll
  for (int v = 0; v < VEC; ++v)
    bits[v] = finished_sum(acc[v], p.extra, [&](int e) {
      return extra_offset(p.extra[e], EXTRA_KIND(e), 0, ((i64)image * p.oh + y) * p.ow + x, place, channel + v);
    });
  constexpr int kOutBytes = bytes_of(OUT);
  const i64 to = image * p.y_image + y * p.y_line + x * p.y_pixel + channel;
  if (VEC == 4 && kOutBytes == 1) {
    *(u32*)(p.y + to) = bits[0] | bits[VEC > 1 ? 1 : 0] << 8 | bits[VEC > 2 ? 2 : 0] << 16 | bits[VEC > 3 ? 3 : 0] << 24;
  } else {
#pragma unroll
    for (int v = 0; v < VEC; ++v) put<kOutBytes>(p.y, to + v, bits[v]);
  }
}
