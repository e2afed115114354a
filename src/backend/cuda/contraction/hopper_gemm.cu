// y[m, n] = epilogue(sum over k of a[m, k] * b[n, k]) on sm_90a: bulk tensor copies (tiled, or im2col for convolutions),
// wgmma, groups of four warps that multiply and one whose warps copy, blocks that stay and take tile after tile.
//
// Defines   ELEM OUT   formats of a, b and of y
//           GROUPS     groups that multiply, 1 or 2
//           APART      1: every group has tiles of its own and finishes one while the other multiplies; 0: they share one
//           BM BN      tile: a multiple of 64 rows for each group at it, BN 64, 128, 192 or 256
//           ST         stages of 128 bytes of k;  CS: buffers of results;  MINB: blocks a multiprocessor holds
//           KEEP       steps of k where b of the block's columns stays in shared memory (gridDim.x is then a multiple of
//                      tiles_n), else 0
//           BEARLY     1: b is a constant, and may be read before the kernel before has ended
//           LINEAR     1: a is a matrix (tiled map); 0: an image (im2col map)
//           YLINEAR    1: row m of y lies at m * y.pixel
//           YBULK      1: y (16-bit, YLINEAR) is written by bulk copies; 0: by its threads
//           FETCH      index of the extra operand of kind 2 that is copied like a, or -1 (needs YBULK)
// and before this text `multiply_tile(float (&)[BN / 2], u64 a, u64 b, int add)`, which the host writes for BN and ELEM.
constexpr int kElem = ELEM == 2 ? 4 : 2;
constexpr int BK = 128 / kElem;
constexpr int kSharing = APART ? 1 : GROUPS;  // groups at one tile
constexpr int kM = BM / (64 * kSharing);      // products of 64 rows for each group
constexpr int kBox = 64, kBoxes = BN / kBox, kBoxBytes = 64 * kBox * 2;  // of results, 64 rows high
constexpr int kABytes = BM * 128, kBBytes = BN * 128, kCBytes = YBULK ? BM * BN * 2 : 0;

// Registers of the threads that copy and of those that multiply; together no more than the block starts with.
constexpr int kFewRegisters = GROUPS * MINB == 1 ? 0 : GROUPS * MINB > 2 ? 24 : 40;
constexpr int kManyRegisters = GROUPS == 2 ? (MINB == 1 ? 232 : 104) : (MINB == 2 ? 216 : 136);

// The tiles of a block in order, and the place of each in a ring.
struct Tiles {
  int t, index;
  __device__ __forceinline__ Tiles(int first) : t(blockIdx.x + first * gridDim.x), index(first) {}
  __device__ __forceinline__ void next(int step) { t += step * gridDim.x, index += step; }
  __device__ __forceinline__ int buffer() const { return index % CS; }
  __device__ __forceinline__ int phase() const { return index / CS & 1; }
};

// Operands that are the same for all rows, of one column.
DEVICE void load_same(const Contraction& p, const Batch& batch, int column, float (&same)[EXTRAS + 1]) {
  const Place nowhere = {0, 0, 0};
#pragma unroll
  for (int i = 0; i < EXTRAS; ++i)
    same[i] = EXTRA_KIND(i) > 1 ? 0.f : extra_of(p, batch, i, 0, nowhere, column);
}
DEVICE float finished_with(const Contraction& p, const Batch& batch, float sum, int row, const Place& place, int column,
                           float fetched, const float (&same)[EXTRAS + 1]) {
  float x[EXTRAS + 1];
  x[0] = sum;
#pragma unroll
  for (int i = 0; i < EXTRAS; ++i) {
    if (i == FETCH)
      x[i + 1] = fetched;
    else if (EXTRA_KIND(i) <= 1)
      x[i + 1] = same[i];
    else
      x[i + 1] = extra_of(p, batch, i, row, place, column);
  }
  return epilogue(x);
}

extern "C" __global__ void __launch_bounds__(GROUPS * 128 + 128, MINB)
    contract(const __grid_constant__ Contraction p, const __grid_constant__ TensorMap map_a,
             const __grid_constant__ TensorMap map_b, const __grid_constant__ TensorMap map_extra,
             const __grid_constant__ TensorMap map_y) {
  extern __shared__ __align__(1024) char memory[];
  char* const base = (char*)(((u64)memory + 1023) & ~(u64)1023);
  char *const ring_a = base, *const ring_b = base + ST * kABytes, *const results = ring_b + (KEEP ? KEEP : ST) * kBBytes;
  __shared__ u64 full[ST], empty[ST], fetched[CS], ready[CS], released[CS], kept, turn[2];
  const int group = threadIdx.x >> 7, tid = threadIdx.x & 127, lane = tid & 31, warp = tid >> 5;
  if (threadIdx.x == 0) {
    for (int i = 0; i < ST; ++i) barrier_init(full + i, 1), barrier_init(empty + i, kSharing);
    for (int i = 0; i < CS; ++i) {
      barrier_init(fetched + i, 1), barrier_init(released + i, 1);
      barrier_init(ready + i, 4 * kSharing);  // a warp each
    }
    barrier_init(&kept, 1), barrier_init(turn, 1), barrier_init(turn + 1, 1);
    asm volatile("fence.mbarrier_init.release.cluster;");
  }
  __syncthreads();
  const int slices = (p.c + BK - 1) / BK;  // of the channels of a tap
  const int steps = KEEP ? KEEP : LINEAR ? (p.kd + BK - 1) / BK : p.kd / p.c * slices;
  const int tiles = p.tiles_n * ((p.m + BM - 1) / BM);

  if (group == GROUPS) {
    if (kFewRegisters > 0) asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kFewRegisters > 0 ? kFewRegisters : 24));
    if (warp == 0 && lane == 0) {
      const auto keep = [&]() {
        barrier_expect(&kept, KEEP * kBBytes);
        const int n0 = blockIdx.x % p.tiles_n * BN;
        for (int k = 0; k < KEEP; ++k) {
          if (LINEAR)
            copy_tile(&map_b, ring_b + k * kBBytes, &kept, k * BK, n0);
          else
            copy_weights(&map_b, ring_b + k * kBBytes, &kept, k % slices * BK, k / slices, n0);
        }
      };
      if (KEEP && BEARLY) keep();
      wait_for_kernel_before();
      if (KEEP && !BEARLY) keep();
      int stage = 0, phase = 1;
      for (Tiles it(0); it.t < tiles; it.next(1)) {
        const int n0 = it.t % p.tiles_n * BN, m0 = it.t / p.tiles_n * BM;
        const int x = m0 % p.ow, y = m0 / p.ow % p.oh, image = m0 / p.ow / p.oh;
        for (int k = 0, tap = 0, tap_x = 0, tap_y = 0, slice = 0; k < steps; ++k) {
          barrier_wait(empty + stage, phase);
          barrier_expect(full + stage, kABytes + (KEEP ? 0 : kBBytes));
          char *const to_a = ring_a + stage * kABytes, *const to_b = ring_b + stage * kBBytes;
          if (LINEAR) {
            copy_tile(&map_a, to_a, full + stage, k * BK, m0);
            if (!KEEP) copy_tile(&map_b, to_b, full + stage, k * BK, n0);
          } else {
            copy_pixels(&map_a, to_a, full + stage, slice * BK, x * p.stride_w - p.pad_w, y * p.stride_h - p.pad_h,
                        image, tap_x * p.step_w, tap_y * p.step_h);
            if (!KEEP) copy_weights(&map_b, to_b, full + stage, slice * BK, tap, n0);
            if (++slice == slices) {
              slice = 0, ++tap;
              if (++tap_x == p.s) tap_x = 0, ++tap_y;
            }
          }
          if (++stage == ST) stage = 0, phase ^= 1;
        }
      }
    } else {
      wait_for_kernel_before();
      if (FETCH >= 0 && warp == 1 && lane == 0) {
        for (Tiles it(0); it.t < tiles; it.next(1)) {
          const int n0 = it.t % p.tiles_n * BN, m0 = it.t / p.tiles_n * BM, buffer = it.buffer();
          barrier_wait(released + buffer, it.phase() ^ 1);
          barrier_expect(fetched + buffer, kCBytes);
          char* const to = results + buffer * kCBytes;
#pragma unroll
          for (int g = 0; g < BM / 64; ++g)
#pragma unroll
            for (int q = 0; q < kBoxes; ++q)
              copy_tile(&map_extra, to + (g * kBoxes + q) * kBoxBytes, fetched + buffer, n0 + q * kBox, m0 + g * 64);
        }
      }
      if (YBULK && warp == 2 && lane == 0) {
        for (Tiles it(0); it.t < tiles; it.next(1)) {
          const int n0 = it.t % p.tiles_n * BN, m0 = it.t / p.tiles_n * BM, buffer = it.buffer();
          barrier_wait(ready + buffer, it.phase());
          asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
          const char* const from = results + buffer * kCBytes;
#pragma unroll
          for (int g = 0; g < BM / 64; ++g)
#pragma unroll
            for (int q = 0; q < kBoxes; ++q)
              store_tile(&map_y, from + (g * kBoxes + q) * kBoxBytes, n0 + q * kBox, m0 + g * 64);
          asm volatile("cp.async.bulk.commit_group;" ::: "memory");
          asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
          barrier_arrive(released + buffer);
        }
        asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
      }
    }
  } else {
    if (kFewRegisters > 0) asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kManyRegisters));
    wait_for_kernel_before();
    const int g = APART ? 0 : group;  // of those at the tile
    const Batch batch = batch_of(p, 0);
    if (KEEP) barrier_wait(&kept, 0);
    int stage = 0, phase = 0;
    for (Tiles it(APART ? group : 0); it.t < tiles; it.next(APART ? GROUPS : 1)) {
      const int n0 = it.t % p.tiles_n * BN, m0 = it.t / p.tiles_n * BM + g * (BM / kSharing);
      if (APART && GROUPS > 1) {
        const u32 before = (u32)it.index * (u32)steps;
        stage = before % ST, phase = before / ST & 1;
        // Phases tell one use of a stage from the next only: the tile before must have passed all its stages.
        barrier_wait(turn + group, (it.index >> 1 & 1) ^ (group == 0));
      }
      float acc[kM][BN / 2];
      for (int k = 0; k < steps; ++k) {
        barrier_wait(full + stage, phase);
        const u64 a = matrix_descriptor(ring_a + stage * kABytes + g * (kABytes / kSharing));
        const u64 b = matrix_descriptor(ring_b + (KEEP ? k : stage) * kBBytes);
        asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
          for (int m = 0; m < kM; ++m) multiply_tile(acc[m], a + m * 512 + i * 2, b + i * 2, k | i);
        asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
        if (k > 0) {
          asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
          if (tid == 0) barrier_arrive(empty + (stage == 0 ? ST - 1 : stage - 1));
        }
        if (++stage == ST) stage = 0, phase ^= 1;
      }
      if (APART && GROUPS > 1 && tid == 0) barrier_arrive(turn + (group ^ 1));
      asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
      if (tid == 0) barrier_arrive(empty + (stage == 0 ? ST - 1 : stage - 1));
#pragma unroll
      for (int m = 0; m < kM; ++m)
#pragma unroll
        for (int i = 0; i < BN / 2; ++i) asm volatile("" : "+f"(acc[m][i])::"memory");

      const int buffer = it.buffer();
      if (FETCH >= 0)
        barrier_wait(fetched + buffer, it.phase());
      else if (YBULK)
        barrier_wait(released + buffer, it.phase() ^ 1);
      const u32 line = shared_address(results + buffer * kCBytes + g * (kCBytes / kSharing)) +
                       (warp * 16 + (lane & 15)) * (kBox * 2);
#pragma unroll
      for (int j = 0; j < BN / 8; j += 2) {
        float same[2][2][EXTRAS + 1];
        int at[2];
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          at[h] = min(n0 + (j + h) * 8 + (lane & 3) * 2, p.n - 2);
          load_same(p, batch, at[h], same[h][0]), load_same(p, batch, at[h] + 1, same[h][1]);
        }
#pragma unroll
        for (int m = 0; m < kM; ++m) {
          const u32 box = line + (m * kBoxes + j * 8 / kBox) * kBoxBytes + (((j % 8 + (lane >> 4)) ^ (lane & 7)) << 4);
          u32 words[4] = {0, 0, 0, 0};
          if (FETCH >= 0) load_matrices(words, box);
#pragma unroll
          for (int h = 0; h < 2; ++h)
#pragma unroll
            for (int q = 0; q < 2; ++q) {
              constexpr int kFetch = FETCH >= 0 ? FETCH : 0;
              const int row = m0 + m * 64 + warp * 16 + (lane >> 2) + q * 8;
              int known = min(row, p.m - 1);
              if (kAnyPlaced) asm volatile("" : "+r"(known));  // found anew each time: there is no register to keep it
              const Place place = place_of(p, known);
              const u32 word = words[h * 2 + q];
              const float2 f = EXTRA_FORMAT(kFetch) == 0 ? unpack2<0>(word) : unpack2<1>(word);
              const float* const sum = &acc[m][(j + h) * 4 + q * 2];
              const float v0 = finished_with(p, batch, sum[0], known, place, at[h], f.x, same[h][0]);
              const float v1 = finished_with(p, batch, sum[1], known, place, at[h] + 1, f.y, same[h][1]);
              if (YBULK) {
                words[h * 2 + q] = pack2<OUT == 2 ? 0 : OUT>(v0, v1);
              } else if (row < p.m && n0 + (j + h) * 8 + (lane & 3) * 2 < p.n) {
                const i64 to = result_offset(p, batch.y, row, place) + at[h];
                if (OUT == 2)
                  *(float2*)(p.y + to * 4) = make_float2(v0, v1);
                else
                  *(u32*)(p.y + to * 2) = pack2<OUT == 2 ? 0 : OUT>(v0, v1);
              }
            }
          if (YBULK) store_matrices(box, words);
        }
      }
      if (YBULK) {
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
        __syncwarp();
        if (lane == 0) barrier_arrive(ready + buffer);
      }
    }
  }
}
