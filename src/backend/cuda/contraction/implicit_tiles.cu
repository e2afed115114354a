// What implicit_gemm.cu and integer_gemm.cu share: the tile of a block, and the part of a that a thread copies. After
// contraction_rows.cu and mma.cu.
//
// Defines   OUT      format of y
//           BM BN    rows and columns of a tile;  BKB: bytes of k in a stage
//           WM WN    warps along rows and columns
//           LINEAR   1: row m of a lies at m * a.pixel (products, 1x1); 0: taps
//           VECA     bytes of one copy of a
constexpr int kThreads = WM * WN * 32;
constexpr int MI = BM / WM / 16, NI = BN / WN / 8;
constexpr int kABytes = BM * BKB, kBBytes = BN * BKB;
constexpr int kOutBytes = bytes_of(OUT);
constexpr int kPitch = BN * kOutBytes + 16;  // of a row of results in shared memory

// A thread copies chunk `ac` of rows ar, ar + kARows, ... of the tile of a.
constexpr int kAChunks = BKB / VECA, kARows = kThreads / kAChunks, kACopies = BM / kARows;
static_assert(kThreads % kAChunks == 0 && BM % kARows == 0, "tile does not suit the threads");
constexpr int kAPlaces = LINEAR ? 1 : kACopies;

// Of rows first, first + kARows, ...: where element 0 lies from a (LINEAR: -1 beyond the last row), and its line, in
// the high half, and pixel, in the low.
DEVICE void find_rows(const Contraction& p, int first, int (&base)[kACopies], int (&at)[kAPlaces]) {
#pragma unroll
  for (int i = 0; i < kACopies; ++i) {
    const int row = first + i * kARows;
    if (LINEAR) {
      base[i] = row < p.m ? (int)(row * p.as.pixel) : -1;
    } else {
      const int x = row % p.ow, lines = row / p.ow, y = lines % p.oh, image = lines / p.oh;
      const int line = row < p.m ? y * p.stride_h - p.pad_h : -32768;
      at[i] = (int)((u32)line << 16 | ((u32)(x * p.stride_w - p.pad_w) & 0xffffu));
      base[i] = (int)(image * p.as.image + y * p.as.line + x * p.as.pixel - p.corner);
    }
  }
}
// The tap and channel of k.
DEVICE void find_tap(const Contraction& p, int k, int& channel, int& tap_x, int& tap_y) {
  if (LINEAR) return;
  const int tap = k / p.c;
  channel = k - tap * p.c;
  tap_y = tap / p.s;
  tap_x = tap - tap_y * p.s;
}
// The same of the k that lies `step` further.
DEVICE void next_tap(const Contraction& p, int step, int& channel, int& tap_x, int& tap_y) {
  if (LINEAR) return;
  channel += step;
  while (channel >= p.c) {
    channel -= p.c;
    if (++tap_x == p.s) tap_x = 0, ++tap_y;
  }
}
// Calls copy(to, base, offset, good) for each row, whose chunk lies base + offset elements from a; not good: it does
// not exist.
template <class Copy>
DEVICE void copy_rows(const Contraction& p, u32 stage, int ac, int ar, const int (&base)[kACopies],
                      const int (&at)[kAPlaces], const int& k, const int& channel, const int& tap_x, const int& tap_y,
                      const Copy& copy) {
  const bool inside = k < p.kd;
  const int y_step = tap_y * p.step_h, x_step = tap_x * p.step_w;
  const int offset = LINEAR ? k : (int)(tap_y * p.tap_line + tap_x * p.tap_pixel) + channel;
#pragma unroll
  for (int i = 0; i < kACopies; ++i) {
    const int row = ar + i * kARows;
    bool good;
    if (LINEAR)
      good = inside && base[i] >= 0;
    else
      good = inside && (u32)((at[i] >> 16) + y_step) < (u32)p.h && (u32)((short)at[i] + x_step) < (u32)p.w;
    const u32 to = stage + swizzled<BKB>(row, (ac * VECA) >> 4) + (VECA < 16 ? (ac * VECA) & 15 : 0);
    copy(to, base[i], offset, good);
  }
}
