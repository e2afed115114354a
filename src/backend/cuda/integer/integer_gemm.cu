// y[m, n] = finished(sum over k of (a[m, k] - a_zero) * b[n, k]) of 8-bit integers on tensor cores: matrix products, and
// convolutions of channels-last images (rows m are output pixels, k runs over taps and then channels). b is packed as
// i8; `offsets[n]` is -a_zero * (sum over k of b), and padding reads a_zero. Sums exact (modulo 2^32). After
// integer_numbers.cu and implicit_tiles.cu.
//
// Defines   AFORMAT OUT  formats of a and y;  ACODE: a_zero;  AZERO: its byte;  BREST: the zero point of the packed b
//           BM BN BKB    rows, columns and k of a tile;  WM WN: warps along rows and columns;  ST: stages
//           LINEAR       1: row m of a lies at m * a.pixel (products, 1x1); 0: taps
//           VECA         bytes of one copy of a: 16, 8 or 4
//           YLINEAR      1: row m of y lies at m * y.pixel;  YVEC: 1: rows of y may be written 16 bytes at a time
template <int kBytes>
DEVICE void store_word(u32 to, u32 word) {
  if (kBytes == 16)
    asm volatile("st.shared.v4.u32 [%0], {%1, %1, %1, %1};\n" ::"r"(to), "r"(word));
  else if (kBytes == 8)
    asm volatile("st.shared.v2.u32 [%0], {%1, %1};\n" ::"r"(to), "r"(word));
  else
    asm volatile("st.shared.u32 [%0], %1;\n" ::"r"(to), "r"(word));
}
DEVICE void multiply(int (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#if AFORMAT == 3
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
#else
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
#endif
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

extern "C" __global__ void __launch_bounds__(kThreads, 1)
    contract_integers(const __grid_constant__ Contraction p, const int* __restrict__ offsets) {
  extern __shared__ __align__(128) char memory[];
  char* const ring_a = memory;
  char* const ring_b = memory + ST * kABytes;
  const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5, wm = warp / WN, wn = warp % WN;
  const int n0 = (int)(blockIdx.x % (u32)p.tiles_n) * BN, m0 = (int)(blockIdx.x / (u32)p.tiles_n) * BM;
  const Batch batch = batch_of(p, blockIdx.z);
  const char* const a = p.a + batch.a;
  const char* const b = p.b + batch.b;

  const int ac = tid % kAChunks, ar = tid / kAChunks;
  int a_base[kACopies], a_at[kAPlaces];
  find_rows(p, m0 + ar, a_base, a_at);
  const int steps = (p.kd + BKB - 1) / BKB;
  // Of this thread's chunk.
  int k = ac * VECA, channel = k, tap_x = 0, tap_y = 0;
  find_tap(p, k, channel, tap_x, tap_y);
  const auto load_a = [&](int stage) {
    copy_rows(p, shared_address(ring_a + stage * kABytes), ac, ar, a_base, a_at, k, channel, tap_x, tap_y,
              [&](u32 to, int base, int offset, bool good) {
                if (good)
                  copy_async<VECA>(to, a + base + offset);
                else
                  store_word<VECA>(to, AZERO * 0x01010101u);
              });
    k += BKB;
    next_tap(p, BKB, channel, tap_x, tap_y);
  };
  // Rows of b are filled with zeros to whole steps.
  constexpr int kBChunks = BKB / 16, kBRows = kThreads / kBChunks, kBCopies = BN / kBRows;
  static_assert(kThreads % kBChunks == 0 && BN % kBRows == 0, "tile does not suit the threads");
  const int bc = tid % kBChunks, br = tid / kBChunks;
  const char* b_next = b + (i64)(n0 + br) * p.b_row + bc * 16;
  const auto load_b = [&](int stage) {
    const u32 to = shared_address(ring_b + stage * kBBytes);
#pragma unroll
    for (int i = 0; i < kBCopies; ++i) {
      const int row = br + i * kBRows;
      if (n0 + row < p.n)
        copy_async<16>(to + swizzled<BKB>(row, bc), b_next + i * kBRows * p.b_row);
      else
        store_word<16>(to + swizzled<BKB>(row, bc), 0u);
    }
    b_next += BKB;
  };

#pragma unroll
  for (int i = 0; i < ST - 1; ++i) {
    if (i < steps) {
      load_b(i);
      load_a(i);
    }
    commit();
  }
  int acc[MI][NI][4], row_sum[BREST != 0 ? MI : 1][4];
#pragma unroll
  for (int i = 0; i < (BREST != 0 ? MI : 1); ++i)
#pragma unroll
    for (int q = 0; q < 4; ++q) row_sum[i][q] = 0;
#pragma unroll
  for (int i = 0; i < MI; ++i)
#pragma unroll
    for (int j = 0; j < NI; ++j)
#pragma unroll
      for (int q = 0; q < 4; ++q) acc[i][j][q] = 0;

  int stage = 0, ahead = ST - 1;
  for (int step = 0; step < steps; ++step) {
    wait_copies<ST - 2>();
    __syncthreads();
    if (step + ST - 1 < steps) {
      load_b(ahead);
      load_a(ahead);
    }
    commit();
    const u32 at_a = shared_address(ring_a + stage * kABytes), at_b = shared_address(ring_b + stage * kBBytes);
    if (++stage == ST) stage = 0;
    if (++ahead == ST) ahead = 0;
#pragma unroll
    for (int kk = 0; kk < BKB / 32; ++kk) {
      u32 fa[MI][4], fb[NI][2];
#pragma unroll
      for (int i = 0; i < MI; ++i)
        matrices(fa[i], at_a + swizzled<BKB>(wm * (BM / WM) + i * 16 + (lane & 15), kk * 2 + (lane >> 4)));
#pragma unroll
      for (int j = 0; j < NI; j += 2) {
        u32 t[4];
        matrices(t, at_b + swizzled<BKB>(wn * (BN / WN) + j * 8 + (lane & 7) + ((lane >> 4) << 3),
                                         kk * 2 + ((lane >> 3) & 1)));
        fb[j][0] = t[0], fb[j][1] = t[1], fb[j + 1][0] = t[2], fb[j + 1][1] = t[3];
      }
#pragma unroll
      for (int i = 0; i < MI; ++i)
#pragma unroll
        for (int j = 0; j < NI; ++j) multiply(acc[i][j], fa[i], fb[j][0], fb[j][1]);
      if (BREST != 0) {
        constexpr u32 kOnes = 0x01010101u;
#pragma unroll
        for (int i = 0; i < MI; ++i) multiply(row_sum[BREST != 0 ? i : 0], fa[i], kOnes, kOnes);
      }
    }
  }
  wait_copies<0>();
  __syncthreads();

  const int first_offset = p.inner_batch > 1 ? (int)(blockIdx.z % (u32)p.inner_batch) * p.n : 0;
#pragma unroll
  for (int i = 0; i < MI; ++i)
#pragma unroll
    for (int q = 0; q < 2; ++q) {
      const int local = wm * (BM / WM) + i * 16 + (lane >> 2) + q * 8, row = m0 + local;
      const Place place = place_of(p, row);
      const i64 to = result_offset(p, batch.y, row, place);
      // What lies beyond k read a_zero, too.
      const int rest = BREST != 0 ? -(BREST) * (row_sum[BREST != 0 ? i : 0][q * 2] - steps * BKB * (ACODE)) : 0;
#pragma unroll
      for (int j = 0; j < NI; ++j)
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          const int column = wn * (BN / WN) + j * 8 + (lane & 3) * 2 + h, at = n0 + column;
          if (row >= p.m || at >= p.n) continue;
          const u32 bits = finished_sum(acc[i][j][q * 2 + h] + offsets[first_offset + at] + rest, p.extra, [&](int e) {
            return extra_offset(p.extra[e], EXTRA_KIND(e), batch.extra[e], row, place, at);
          });
          if (YVEC)
            put<kOutBytes>(memory + local * kPitch, column, bits);
          else
            put<kOutBytes>(p.y, to + at, bits);
        }
    }
  if (YVEC) {
    __syncthreads();
    constexpr int kElems = 16 / kOutBytes, kChunks = BN / kElems;
#pragma unroll
    for (int i = 0; i < (BM * kChunks + kThreads - 1) / kThreads; ++i) {
      const int q = tid + i * kThreads, local = q / kChunks, column = q % kChunks * kElems, row = m0 + local;
      if (local < BM && row < p.m && n0 + column < p.n) {
        const i64 to = result_offset(p, batch.y, row, place_of(p, row)) + n0 + column;
        *(uint4*)(p.y + to * kOutBytes) = *(const uint4*)(memory + local * kPitch + column * kOutBytes);
      }
    }
  }
}
