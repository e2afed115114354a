// Depthwise convolution of channels-last images, by steps of 1: a thread goes down a band of TH lines of the result, TW
// pixels wide, and reads every pixel above it once: a line of x adds to R lines of the result, whose sums wait in
// registers beside all weights. Sums in f32, taps in order.
//
// Defines   those of depthwise_parts.cu
//           R S    kernel;  X_PIXEL Y_PIXEL: elements from pixel to pixel
constexpr int kSpan = TW + S - 1;  // at most 32

// The pixels from `line` on whose bits are set in `columns`; zeros for the others.
DEVICE void load_line(Vector (&to)[kSpan], const char* line, u32 columns) {
#pragma unroll
  for (int i = 0; i < kSpan; ++i) {
    to[i] = zero_vector();
    if (columns >> i & 1) to[i] = load_vector(line + i * (X_PIXEL * kBytes));
  }
}

extern "C" __global__ void BLOCK_OF(128) depthwise(const __grid_constant__ Depthwise p) {
  wait_for_kernel_before();
  const Piece piece = piece_of_thread(p);
  const int channel = piece.channel, x0 = piece.x, y0 = piece.y, image = piece.image;
  if (image >= p.images) return;

  float weight[R * S][VEC];
#pragma unroll
  for (int i = 0; i < R * S; ++i) unpack(weight[i], load_vector(p.b + ((i64)i * p.c + channel) * kBytes));
  const Known known = known_operands(p, channel);

  const int lines = min(TH, p.oh - y0), rows = lines + R - 1;
  const int left = x0 - p.pad_w, top = y0 - p.pad_h;
  u32 columns = 0;
#pragma unroll
  for (int i = 0; i < kSpan; ++i) columns |= (u32)((u32)(left + i) < (u32)p.w) << i;
  const i64 line_bytes = p.x_line * kBytes, result_bytes = p.y_line * kOutBytes;
  const char* line = p.x + (image * p.x_image + top * p.x_line + (i64)left * X_PIXEL + channel) * kBytes;
  char* to = p.y + (image * p.y_image + y0 * p.y_line + (i64)x0 * Y_PIXEL + channel) * kOutBytes;
  float acc[R][TW][VEC];
  Vector ahead[kSpan];
  load_line(ahead, line, (u32)top < (u32)p.h ? columns : 0u);
  for (int base = 0; base < rows; base += R) {
#pragma unroll
    for (int phase = 0; phase < R; ++phase) {
      const int row = base + phase;  // of x, below `top`; the first it adds to is line `row` of the result
      if (row >= rows) continue;
      float value[kSpan][VEC];
#pragma unroll
      for (int i = 0; i < kSpan; ++i) unpack(value[i], ahead[i]);
      line += line_bytes;
      load_line(ahead, line, row + 1 < rows && (u32)(top + row + 1) < (u32)p.h ? columns : 0u);
#pragma unroll
      for (int t = 0; t < TW; ++t)
#pragma unroll
        for (int v = 0; v < VEC; ++v) acc[phase][t][v] = 0.f;
#pragma unroll
      for (int ky = 0; ky < R; ++ky) {
        const int slot = (phase - ky + R) % R;
        if ((u32)(row - ky) >= (u32)lines) continue;
#pragma unroll
        for (int kx = 0; kx < S; ++kx)
#pragma unroll
          for (int t = 0; t < TW; ++t)
#pragma unroll
            for (int v = 0; v < VEC; ++v)
              acc[slot][t][v] = fmaf(value[t + kx][v], weight[ky * S + kx][v], acc[slot][t][v]);
      }
      if (row >= R - 1) {
#pragma unroll
        for (int t = 0; t < TW; ++t)
          if (x0 + t < p.ow)
            finish(p, acc[(phase + 1) % R][t], known, image, y0 + row - (R - 1), x0 + t, channel,
                   to + t * (Y_PIXEL * kOutBytes));
        to += result_bytes;
      }
    }
  }
}
