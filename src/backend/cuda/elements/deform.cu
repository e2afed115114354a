// Convolutions whose taps are moved: tiles of 64 results of a group at 64 positions. Channels are sampled 16 at a time into
// shared memory, once for all results of the tile, and multiplied there. After common.cu.
//
// Defines   T: dtype;  HEIGHT, WIDTH: of x;  OUT_WIDTH, POINTS: of y;  KERNEL_WIDTH, TAPS;  STRIDE_Y, STRIDE_X, PAD_Y, PAD_X,
//           DILATION_Y, DILATION_X;  CHANNELS, RESULTS: of a group;  TILES: of results of a group;  OF_OFFSET: channels of an
//           offset group;  HAS_BIAS, HAS_MASK;  X, OFFSET, MASK, Y (n, c, h, w), W(o, c, tap): element offsets
constexpr int TILE = 64, DEPTH = 16;

extern "C" __global__ void __launch_bounds__(256)
    deform(const T* __restrict__ x, const T* __restrict__ w, const T* __restrict__ offset, const T* __restrict__ bias,
           const T* __restrict__ mask, T* __restrict__ y) {
  __shared__ float samples[DEPTH][TILE];
  __shared__ float weights[DEPTH][TILE + 1];
  const int n = blockIdx.z, group = blockIdx.y / TILES, first = blockIdx.y % TILES * TILE;
  const int t = threadIdx.x, mine = t % TILE, point = blockIdx.x * TILE + mine;
  const int oy = point / OUT_WIDTH, ox = point % OUT_WIDTH;
  const int low = group * CHANNELS, high = low + CHANNELS;  // channels of x
  float sum[4][4] = {};
  for (int tap = 0; tap < TAPS; ++tap) {
    for (int from = low; from < high;) {
      // Up to the end of the offset group.
      const int offsets = from / OF_OFFSET;
      const int to = (offsets + 1) * OF_OFFSET < high ? (offsets + 1) * OF_OFFSET : high;
      float share0 = 0.f, share1 = 0.f, share2 = 0.f, share3 = 0.f;
      int64_t at = 0;
      int right = 0, below = 0;
      if (point < POINTS) {
        const int moves = (offsets * TAPS + tap) * 2;
        const float v = (float)(oy * STRIDE_Y - PAD_Y + tap / KERNEL_WIDTH * DILATION_Y) + to_f32(offset[OFFSET(n, moves, oy, ox)]);
        const float u = (float)(ox * STRIDE_X - PAD_X + tap % KERNEL_WIDTH * DILATION_X) + to_f32(offset[OFFSET(n, moves + 1, oy, ox)]);
        if (v > -1.f && v < (float)HEIGHT && u > -1.f && u < (float)WIDTH) {
          const int top = (int)floorf(v), left = (int)floorf(u);
          const float dy = v - (float)top, dx = u - (float)left;
          const float part = HAS_MASK ? to_f32(mask[MASK(n, offsets * TAPS + tap, oy, ox)]) : 1.f;
          share0 = top >= 0 && left >= 0 ? (1.f - dy) * (1.f - dx) * part : 0.f;
          share1 = top >= 0 && left + 1 < WIDTH ? (1.f - dy) * dx * part : 0.f;
          share2 = top + 1 < HEIGHT && left >= 0 ? dy * (1.f - dx) * part : 0.f;
          share3 = top + 1 < HEIGHT && left + 1 < WIDTH ? dy * dx * part : 0.f;
          // Addresses stay inside; what is outside counts 0.
          const int row = top < 0 ? 0 : top, column = left < 0 ? 0 : left;
          below = (top + 1 < HEIGHT ? top + 1 : row) - row;
          right = (left + 1 < WIDTH ? left + 1 : column) - column;
          at = X(n, 0, row, column);
        }
      }
      for (int c = from; c < to; c += DEPTH) {
#pragma unroll
        for (int part = 0; part < DEPTH / 4; ++part) {
          const int k = t / TILE + 4 * part;
          float value = 0.f;
          if (c + k < to) {
            const T* const plane = x + at + X(0, c + k, 0, 0);
            const int64_t down = X(0, 0, below, 0), across = X(0, 0, 0, right);
            if (share0 != 0.f) value += share0 * to_f32(plane[0]);
            if (share1 != 0.f) value += share1 * to_f32(plane[across]);
            if (share2 != 0.f) value += share2 * to_f32(plane[down]);
            if (share3 != 0.f) value += share3 * to_f32(plane[down + across]);
          }
          samples[k][mine] = value;
        }
#pragma unroll
        for (int part = 0; part < DEPTH * TILE / 256; ++part) {
          const int k = t % DEPTH, o = t / DEPTH + 256 / DEPTH * part;
          const bool inside = c + k < to && first + o < RESULTS;
          weights[k][o] = inside ? to_f32(w[W(group * RESULTS + first + o, c + k - low, tap)]) : 0.f;
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < DEPTH; ++k) {
          float a[4], b[4];
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            a[i] = weights[k][t / 16 * 4 + i];
            b[i] = samples[k][t % 16 + 16 * i];
          }
#pragma unroll
          for (int i = 0; i < 4; ++i) {
#pragma unroll
            for (int j = 0; j < 4; ++j) sum[i][j] += a[i] * b[j];
          }
        }
        __syncthreads();
      }
      from = to;
    }
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int o = first + t / 16 * 4 + i;
    if (o >= RESULTS) continue;
    const float start = HAS_BIAS ? to_f32(bias[(int64_t)(group * RESULTS + o) * BIAS_STEP]) : 0.f;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int p = blockIdx.x * TILE + t % 16 + 16 * j;
      if (p < POINTS) y[Y(n, group * RESULTS + o, p / OUT_WIDTH, p % OUT_WIDTH)] = Store<T>::from(start + sum[i][j]);
    }
  }
}
