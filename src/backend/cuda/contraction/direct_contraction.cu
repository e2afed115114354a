// y[m, n] = result(sum over taps and channels of a * b) without tensor cores: any strides, up to three spatial dims,
// groups, matrix products (one line of m pixels, one tap) and transposed convolution as a gather. A thread sums 16
// elements, each a term at a time: taps in order, channels in order within a tap. After contraction_formats.cu.
//
// Defines   OUT         format of y
//           TRANSPOSED  1: an output pixel reads the inputs that reach it
//           ROWFAST     1: neighbouring pixels of a are nearer than neighbouring channels
struct Volume {
  i64 batch0, batch1, image, plane, line, pixel, channel;
};
struct Window {
  int in, out, kernel, stride, step, before;
};
struct DirectContraction {
  const char* a;
  const char* b;
  char* y;
  Extra extra[kMostExtras];
  i64 extra_plane[kMostExtras];
  Volume as, ys;
  i64 b_batch0, b_batch1, b_row, b_channel, b_tap;
  Window window[3];
  int m, n, c, taps, inner_batch;
};

DEVICE bool input_at(const Window& w, int out, int tap, int& in) {
  if (TRANSPOSED) {
    const int at = out + w.before - tap * w.step;
    in = at / w.stride;
    return at >= 0 && at % w.stride == 0 && in < w.in;
  }
  in = out * w.stride - w.before + tap * w.step;
  return in >= 0 && in < w.in;
}

// Numbers  Sum, the type of terms and sums;  a(base, index) and b(base, index), terms;  plus(sum, a, b);
//          result(sum, extra, offset), the bits to store, where operand e of the epilogue lies at offset(e)
template <class Numbers>
DEVICE void contract_directly(const DirectContraction& p) {
  typedef typename Numbers::Sum Sum;
  constexpr int kRows = 64, kColumns = 64, kDepth = 16;
  __shared__ Sum tile_a[kDepth][kRows + 4], tile_b[kDepth][kColumns + 4];
  const int tid = threadIdx.x, tx = tid & 15, ty = tid >> 4;
  const int tiles_n = (p.n + kColumns - 1) / kColumns;
  const int n0 = (int)(blockIdx.x % (u32)tiles_n) * kColumns, m0 = (int)(blockIdx.x / (u32)tiles_n) * kRows;
  wait_for_kernel_before();
  const int outer = (int)blockIdx.z / p.inner_batch, inner = (int)blockIdx.z % p.inner_batch;
  const i64 a_batch = outer * p.as.batch0 + inner * p.as.batch1, b_batch = outer * p.b_batch0 + inner * p.b_batch1;
  Sum acc[4][4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) acc[i][j] = 0;
  // This thread's row of a.
  const int my_row = ROWFAST ? tid & 63 : tid >> 2, row = m0 + my_row;
  const int ox = row % p.window[2].out, oy = row / p.window[2].out % p.window[1].out,
            oz = row / p.window[2].out / p.window[1].out % p.window[0].out,
            image = row / p.window[2].out / p.window[1].out / p.window[0].out;
  for (int tap = 0; tap < p.taps; ++tap) {
    const int kx = tap % p.window[2].kernel, ky = tap / p.window[2].kernel % p.window[1].kernel,
              kz = tap / p.window[2].kernel / p.window[1].kernel;
    int ix, iy, iz;
    bool good = input_at(p.window[2], ox, kx, ix);
    good = input_at(p.window[1], oy, ky, iy) && good;
    good = input_at(p.window[0], oz, kz, iz) && good && row < p.m;
    const i64 at = a_batch + image * p.as.image + iz * p.as.plane + iy * p.as.line + ix * p.as.pixel;
    for (int c0 = 0; c0 < p.c; c0 += kDepth) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int k = ROWFAST ? (tid >> 6) * 4 + i : (tid & 3) + i * 4, c = c0 + k;
        tile_a[k][my_row] = good && c < p.c ? Numbers::a(p.a, at + c * p.as.channel) : 0;
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int q = tid + i * 256, column = q >> 4, k = q & 15, n = n0 + column, c = c0 + k;
        tile_b[k][column] =
            n < p.n && c < p.c ? Numbers::b(p.b, b_batch + n * p.b_row + c * p.b_channel + tap * p.b_tap) : 0;
      }
      __syncthreads();
#pragma unroll
      for (int k = 0; k < kDepth; ++k) {
        Sum fa[4], fb[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) fa[i] = tile_a[k][ty * 4 + i], fb[i] = tile_b[k][tx * 4 + i];
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
          for (int j = 0; j < 4; ++j) acc[i][j] = Numbers::plus(acc[i][j], fa[i], fb[j]);
      }
      __syncthreads();
    }
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int r = m0 + ty * 4 + i;
    if (r >= p.m) continue;
    const int x = r % p.window[2].out, y = r / p.window[2].out % p.window[1].out,
              z3 = r / p.window[2].out / p.window[1].out % p.window[0].out,
              n3 = r / p.window[2].out / p.window[1].out / p.window[0].out;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int column = n0 + tx * 4 + j;
      if (column >= p.n) continue;
      const u32 bits = Numbers::result(acc[i][j], p.extra, [&](int e) {
        const Extra& q = p.extra[e];
        return outer * q.batch0 + inner * q.batch1 + n3 * q.image + z3 * p.extra_plane[e] + y * q.line + x * q.pixel +
               column * q.column;
      });
      put<bytes_of(OUT)>(p.y,
                         outer * p.ys.batch0 + inner * p.ys.batch1 + n3 * p.ys.image + z3 * p.ys.plane +
                             y * p.ys.line + x * p.ys.pixel + column * p.ys.channel,
                         bits);
    }
  }
}
