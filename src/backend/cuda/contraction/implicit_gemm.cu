// y[m, n] = epilogue(sum over k of a[m, k] * b[n, k]): matrix products, and convolutions whose rows m are output pixels
// and whose k runs over taps and then channels of channels-last images. Tensor cores by mma.sync, operands by cp.async
// through a ring of stages in shared memory, sums in f32. After implicit_tiles.cu.
//
// Defines   ELEM       format of a and b (2 runs as tf32)
//           OUT        format of y
//           BM BN      rows and columns of a tile;  BKB: bytes of k in a stage (64 or 128)
//           WM WN      warps along rows and columns;  ST: stages;  MINB: blocks a multiprocessor should hold
//           LINEAR     1: row m of a lies at m * a.pixel (products, 1x1); 0: taps
//           VECA VECB  bytes of one copy of a and of b: 16, 8, 4, or 2 (f16) where nothing else is aligned
//           BT         1: b is [k, n] with neighbouring n (16-bit formats)
//           SPLIT      0: none; 1: parts of k to `part`, then `contract_finish`; 2: parts of k in a cluster of SPLITS
//           YLINEAR    1: row m of y lies at m * y.pixel;  YVEC: 1: rows of y may be written 16 bytes at a time
//           FETCH      index of the extra operand of kind 2 that is fetched with the first stage, or -1
//           PDL        1: the launch overlaps the kernel before it;  BCONSTANT: 1: which does not write b
#ifndef SPLITS
#define SPLITS 1
#endif
#ifndef MINB
#define MINB 1
#endif
#ifndef BT
#define BT 0
#endif
#ifndef BCONSTANT
#define BCONSTANT 0
#endif

constexpr int kElem = ELEM == 2 ? 4 : 2;
constexpr int BK = BKB / kElem;
constexpr int kPartPitch = BN * 4 + 32;

DEVICE u32 rounded(u32 bits) {
#if ELEM == 2
  u32 out;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(out) : "f"(__uint_as_float(bits)));
  return out;
#else
  return bits;
#endif
}

DEVICE void cluster_barrier() {
#if __CUDA_ARCH__ >= 900
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;\n" ::: "memory");
#endif
}
DEVICE float2 remote_pair(u32 at, int rank) {
  float2 out = make_float2(0.f, 0.f);
#if __CUDA_ARCH__ >= 900
  u32 there;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;\n" : "=r"(there) : "r"(at), "r"(rank));
  asm volatile("ld.shared::cluster.v2.f32 {%0, %1}, [%2];\n" : "=f"(out.x), "=f"(out.y) : "r"(there) : "memory");
#endif
  return out;
}

extern "C" __global__ void __launch_bounds__(kThreads, MINB)
#if SPLIT == 2
    __cluster_dims__(1, SPLITS, 1)
#endif
        contract(const __grid_constant__ Contraction p) {
  extern __shared__ __align__(128) char memory[];
  char* const ring_a = memory;
  char* const ring_b = memory + ST * kABytes;
  char* const fetched = ring_b + ST * kBBytes;

  const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5, wm = warp / WN, wn = warp % WN;
  const int n0 = (int)(blockIdx.x % (u32)p.tiles_n) * BN, m0 = (int)(blockIdx.x / (u32)p.tiles_n) * BM;
  const Batch batch = batch_of(p, blockIdx.z);
  const char* const a = p.a + batch.a * kElem;
  const char* const b = p.b + batch.b * kElem;

  const int ac = tid % kAChunks, ar = tid / kAChunks;
  int a_base[kACopies], a_at[kAPlaces];
  find_rows(p, m0 + ar, a_base, a_at);
  const int steps = (p.kd + BK - 1) / BK;
  int first = 0, last = steps;
  if (SPLIT != 0) {
    first = (int)((i64)steps * blockIdx.y / p.splits);
    last = (int)((i64)steps * (blockIdx.y + 1) / p.splits);
  }
  // Of this thread's chunk.
  int k = first * BK + ac * (VECA / kElem), channel = k, tap_x = 0, tap_y = 0;
  find_tap(p, k, channel, tap_x, tap_y);
  const auto load_a = [&](int stage) {
    copy_rows(p, shared_address(ring_a + stage * kABytes), ac, ar, a_base, a_at, k, channel, tap_x, tap_y,
              [&](u32 to, int base, int offset, bool good) {
                copy_async<VECA>(to, good ? a + (i64)(base + offset) * kElem : a, good);
              });
    k += BK;
    next_tap(p, BK, channel, tap_x, tap_y);
  };

  // Copies of b: [n, k] rows like a, or with BT rows of k with BN neighbours.
  constexpr int kBRowBytes = BT ? BN * kElem : BKB, kBTall = BT ? BK : BN;
  constexpr int kBChunks = kBRowBytes / VECB, kBRows = kThreads / kBChunks, kBCopies = kBTall / kBRows;
  static_assert(kThreads % kBChunks == 0 && kBTall % kBRows == 0, "tile does not suit the threads");
  const int bc = tid % kBChunks, br = tid / kBChunks;
  constexpr int kBElems = VECB / kElem;
  const char* b_next = b + (BT ? (i64)(first * BK + br) * p.b_row + n0 + bc * kBElems
                               : (i64)(n0 + br) * p.b_row + first * BK + bc * kBElems) *
                               kElem;
  const auto load_b = [&](int stage, int step) {
    const u32 to = shared_address(ring_b + stage * kBBytes);
#pragma unroll
    for (int i = 0; i < kBCopies; ++i) {
      const int row = br + i * kBRows;
      const u32 at = to + swizzled<kBRowBytes>(row, (bc * VECB) >> 4) + (VECB < 16 ? (bc * VECB) & 15 : 0);
      const bool good = BT ? step * BK + row < p.kd && n0 + bc * kBElems < p.n
                           : n0 + row < p.n && step * BK + bc * kBElems < p.kd;
      copy_async<VECB>(at, good ? b_next + i * kBRows * p.b_row * kElem : b, good);
    }
    b_next += BT ? BK * p.b_row * kElem : (i64)BKB;
  };

  if (PDL && BCONSTANT) {
#pragma unroll
    for (int i = 0; i < ST - 1; ++i)
      if (first + i < last) load_b(i, first + i);
  }
  wait_for_kernel_before();
  if (FETCH >= 0 && SPLIT == 0) {
    constexpr int kFetch = FETCH >= 0 ? FETCH : 0, kChunks = BN / 8;
    const Extra& e = p.extra[kFetch];
#pragma unroll
    for (int i = 0; i < BM * kChunks / kThreads; ++i) {
      const int q = tid + i * kThreads, row = q / kChunks, column = q % kChunks * 8;
      const bool good = m0 + row < p.m && n0 + column < p.n;
      copy_async<16>(shared_address(fetched + row * kPitch + column * 2),
                     good ? e.data + (batch.extra[kFetch] + (i64)(m0 + row) * e.pixel + n0 + column) * 2 : e.data, good);
    }
  }
#pragma unroll
  for (int i = 0; i < ST - 1; ++i) {
    if (first + i < last) {
      if (!(PDL && BCONSTANT)) load_b(i, first + i);
      load_a(i);
    }
    commit();
  }
  float acc[MI][NI][4];
#pragma unroll
  for (int i = 0; i < MI; ++i)
#pragma unroll
    for (int j = 0; j < NI; ++j)
#pragma unroll
      for (int q = 0; q < 4; ++q) acc[i][j][q] = 0.f;

  int stage = 0, ahead = ST - 1;
  for (int step = first; step < last; ++step) {
    wait_copies<ST - 2>();
    __syncthreads();
    if (step + ST - 1 < last) {
      load_b(ahead, step + ST - 1);
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
      for (int i = 0; i < MI; ++i) {
        matrices(fa[i], at_a + swizzled<BKB>(wm * (BM / WM) + i * 16 + (lane & 15), kk * 2 + (lane >> 4)));
#pragma unroll
        for (int q = 0; q < 4; ++q) fa[i][q] = rounded(fa[i][q]);
      }
#pragma unroll
      for (int j = 0; j < NI; j += 2) {
        u32 t[4];
        const int column = wn * (BN / WN) + j * 8;
        if (BT)
          matrices_transposed(
              t, at_b + swizzled<kBRowBytes>(kk * 16 + (lane & 15), column / 8 + (lane >> 4)));
        else
          matrices(t, at_b + swizzled<BKB>(column + (lane & 7) + ((lane >> 4) << 3), kk * 2 + ((lane >> 3) & 1)));
        fb[j][0] = rounded(t[0]), fb[j][1] = rounded(t[1]);
        if (j + 1 < NI) fb[j + 1 < NI ? j + 1 : j][0] = rounded(t[2]), fb[j + 1 < NI ? j + 1 : j][1] = rounded(t[3]);
      }
#pragma unroll
      for (int i = 0; i < MI; ++i)
#pragma unroll
        for (int j = 0; j < NI; ++j) multiply(acc[i][j], fa[i], fb[j][0], fb[j][1]);
    }
  }
  wait_copies<0>();
  __syncthreads();

#if SPLIT == 1
  float* const part = p.part + ((i64)blockIdx.z * p.splits + blockIdx.y) * p.m * p.n;
#pragma unroll
  for (int i = 0; i < MI; ++i)
#pragma unroll
    for (int j = 0; j < NI; ++j)
#pragma unroll
      for (int q = 0; q < 4; ++q) {
        const int row = m0 + wm * (BM / WM) + i * 16 + (lane >> 2) + (q >> 1) * 8;
        const int column = n0 + wn * (BN / WN) + j * 8 + (lane & 3) * 2 + (q & 1);
        if (row < p.m && column < p.n) part[(i64)row * p.n + column] = acc[i][j][q];
      }
#elif SPLIT == 2
  // Each block of the cluster adds the parts of a band of rows, in the order of k.
#pragma unroll
  for (int i = 0; i < MI; ++i)
#pragma unroll
    for (int j = 0; j < NI; ++j)
#pragma unroll
      for (int q = 0; q < 2; ++q) {
        const int row = wm * (BM / WM) + i * 16 + (lane >> 2) + q * 8, column = wn * (BN / WN) + j * 8 + (lane & 3) * 2;
        *(float2*)(memory + row * kPartPitch + column * 4) = make_float2(acc[i][j][q * 2], acc[i][j][q * 2 + 1]);
      }
  cluster_barrier();
  constexpr int kPairs = BN / 2, kBand = (BM + SPLITS - 1) / SPLITS;
  for (int q = tid; q < kBand * kPairs; q += kThreads) {
    const int local = (int)blockIdx.y * kBand + q / kPairs, column = q % kPairs * 2;
    const int row = m0 + local, at = n0 + column;
    if (local >= BM || row >= p.m || at >= p.n) continue;
    const u32 from = shared_address(memory + local * kPartPitch + column * 4);
    float2 parts[SPLITS];
#pragma unroll
    for (int r = 0; r < SPLITS; ++r) parts[r] = remote_pair(from, r);
    float2 sum = parts[0];
#pragma unroll
    for (int r = 1; r < SPLITS; ++r) sum.x += parts[r].x, sum.y += parts[r].y;
    const Place place = place_of(p, row);
    const i64 to = result_offset(p, batch.y, row, place) + at;
    if (YVEC) {
      const float v0 = finished(p, batch, sum.x, row, place, at, 0.f);
      const float v1 = finished(p, batch, sum.y, row, place, at + 1, 0.f);
      if (OUT == 2)
        *(float2*)(p.y + to * 4) = make_float2(v0, v1);
      else
        *(u32*)(p.y + to * 2) = pack2<OUT == 2 ? 0 : OUT>(v0, v1);
    } else {
      store1<OUT>(p.y, to, finished(p, batch, sum.x, row, place, at, 0.f));
      if (at + 1 < p.n) store1<OUT>(p.y, to + 1, finished(p, batch, sum.y, row, place, at + 1, 0.f));
    }
  }
  cluster_barrier();
#else
  char* const out = FETCH >= 0 ? fetched : memory;
#pragma unroll
  for (int i = 0; i < MI; ++i)
#pragma unroll
    for (int q = 0; q < 2; ++q) {
      const int local = wm * (BM / WM) + i * 16 + (lane >> 2) + q * 8, row = m0 + local;
      const Place place = place_of(p, row);
      const i64 to = result_offset(p, batch.y, row, place);
#pragma unroll
      for (int j = 0; j < NI; ++j) {
        const int column = wn * (BN / WN) + j * 8 + (lane & 3) * 2, at = n0 + column;
        float2 f = make_float2(0.f, 0.f);
        if (FETCH >= 0) {
          constexpr int kFetch = FETCH >= 0 ? FETCH : 0;
          const u32 word = *(const u32*)(out + local * kPitch + column * 2);
          f = EXTRA_FORMAT(kFetch) == 0 ? unpack2<0>(word) : unpack2<1>(word);
        }
        float v0 = 0.f, v1 = 0.f;
        if (row < p.m && at < p.n) v0 = finished(p, batch, acc[i][j][q * 2], row, place, at, f.x);
        if (row < p.m && at + 1 < p.n) v1 = finished(p, batch, acc[i][j][q * 2 + 1], row, place, at + 1, f.y);
        if (YVEC) {
          if (OUT == 2)
            *(float2*)(out + local * kPitch + column * 4) = make_float2(v0, v1);
          else
            *(u32*)(out + local * kPitch + column * 2) = pack2<OUT == 2 ? 0 : OUT>(v0, v1);
        } else if (row < p.m) {
          if (at < p.n) store1<OUT>(p.y, to + at, v0);
          if (at + 1 < p.n) store1<OUT>(p.y, to + at + 1, v1);
        }
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
        *(uint4*)(p.y + to * kOutBytes) = *(const uint4*)(out + local * kPitch + column * kOutBytes);
      }
    }
  }
#endif
}

#if SPLIT == 1
// Adds the parts in the order of k, one thread an element.
extern "C" __global__ void __launch_bounds__(256) contract_finish(const __grid_constant__ Contraction p) {
  wait_for_kernel_before();
  const i64 at = (i64)blockIdx.x * 256 + threadIdx.x, count = (i64)p.m * p.n;
  if (at >= count) return;
  const Batch batch = batch_of(p, blockIdx.z);
  const float* const part = p.part + (i64)blockIdx.z * p.splits * count + at;
  float sum = 0.f;
  for (int i = 0; i < p.splits; ++i) sum += part[i * count];
  const int row = (int)(at / p.n), column = (int)(at % p.n);
  const Place place = place_of(p, row);
  store1<OUT>(p.y, result_offset(p, batch.y, row, place) + column, finished(p, batch, sum, row, place, column, 0.f));
}
#endif
