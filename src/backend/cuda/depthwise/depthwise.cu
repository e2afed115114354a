// Depthwise convolution of channels-last images: a thread computes VEC channels of TW neighbouring output pixels in each
// of TH lines. Sums in f32, taps in order.
//
// Defines   those of depthwise_parts.cu
//           R S SY SX DY DX  kernel, strides, dilations
//           KEEP             1: the weights of a thread stay in registers;  UNROLL: lines of the kernel read ahead
constexpr int kUnrolledLines = KEEP ? R : UNROLL;

extern "C" __global__ void BLOCK_OF(128) depthwise(const __grid_constant__ Depthwise p) {
  wait_for_kernel_before();
  const Piece piece = piece_of_thread(p);
  const int channel = piece.channel, x0 = piece.x, y0 = piece.y, image = piece.image;
  if (image >= p.images) return;

  Vector kept[KEEP ? R * S : 1];
  if (KEEP) {
#pragma unroll
    for (int i = 0; i < (KEEP ? R * S : 1); ++i) kept[i] = load_vector(p.b + ((i64)i * p.c + channel) * kBytes);
  }
  const Known known = known_operands(p, channel);
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
      const i64 to = image * p.y_image + y * p.y_line + x * p.y_pixel + channel;
      if (x < p.ow) finish(p, acc[t], known, image, y, x, channel, p.y + to * kOutBytes);
    }
  }
}
