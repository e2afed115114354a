// As hopper_gemm.cu, for products with few tiles: the blocks of a cluster each multiply a part of k of one tile of 64 rows
// and add the parts through distributed shared memory, in the order of k.
//
// Defines   ELEM OUT   formats of a, b and of y
//           BN         columns of a tile, 32, 64 or 128;  ST: stages of 128 bytes of k;  SPLITS: parts, blocks of a cluster
//           LINEAR     1: a is a matrix (tiled map); 0: an image (im2col map)
//           YLINEAR    1: row m of y lies at m * y.pixel
//           BEARLY     1: b is a constant, and may be read before the kernel before has ended
// and before this text hopper_copies.cu and `multiply_tile(float (&)[BN / 2], u64 a, u64 b, int add)`.
constexpr int kElem = ELEM == 2 ? 4 : 2;
constexpr int BK = 128 / kElem;
constexpr int kABytes = 64 * 128, kBBytes = BN * 128;
constexpr int kThreads = 160;  // four warps that multiply and one that copies
constexpr int kPitch = BN * 4 + 16;  // of a row of parts
constexpr int kBand = 64 / SPLITS, kMine = (kBand * BN / 2 + kThreads - 1) / kThreads;  // pairs that a thread finishes

DEVICE void cluster_barrier() {
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;\n" ::: "memory");
}
DEVICE float2 remote_pair(u32 at, int rank) {
  float2 out;
  u32 there;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;\n" : "=r"(there) : "r"(at), "r"(rank));
  asm volatile("ld.shared::cluster.v2.f32 {%0, %1}, [%2];\n" : "=f"(out.x), "=f"(out.y) : "r"(there) : "memory");
  return out;
}

extern "C" __global__ void __launch_bounds__(kThreads, 1) __cluster_dims__(SPLITS, 1, 1)
    contract(const __grid_constant__ Contraction p, const __grid_constant__ TensorMap map_a,
             const __grid_constant__ TensorMap map_b) {
  extern __shared__ __align__(1024) char memory[];
  char* const base = (char*)(((u64)memory + 1023) & ~(u64)1023);
  char *const ring_a = base, *const ring_b = base + ST * kABytes;
  __shared__ u64 full[ST], empty[ST];
  const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5;
  const int rank = blockIdx.x % SPLITS, tile = blockIdx.x / SPLITS;
  const int n0 = tile % p.tiles_n * BN, m0 = tile / p.tiles_n * 64;
  if (tid == 0) {
    for (int i = 0; i < ST; ++i) barrier_init(full + i, 1), barrier_init(empty + i, 1);
    asm volatile("fence.mbarrier_init.release.cluster;");
  }
  __syncthreads();
  const int slices = (p.c + BK - 1) / BK;  // of the channels of a tap
  const int all = LINEAR ? (p.kd + BK - 1) / BK : p.kd / p.c * slices;
  const int first = all * rank / SPLITS, steps = all * (rank + 1) / SPLITS - first;
  const Batch batch = batch_of(p, 0);

  // The pairs of results that this thread finishes, and what the epilogue reads beside their sums.
  float beside[kMine][2][EXTRAS + 1];
  const auto local_of = [&](int i) { return rank * kBand + (tid + i * kThreads) / (BN / 2); };
  const auto column_of = [&](int i) { return (tid + i * kThreads) % (BN / 2) * 2; };
  const auto has = [&](int i) {
    return tid + i * kThreads < kBand * BN / 2 && m0 + local_of(i) < p.m && n0 + column_of(i) < p.n;
  };
  const auto load_beside = [&]() {
#pragma unroll
    for (int i = 0; i < kMine; ++i)
#pragma unroll
      for (int h = 0; h < 2; ++h)
#pragma unroll
        for (int e = 0; e < EXTRAS; ++e) {
          const int row = m0 + local_of(i);
          beside[i][h][e] = has(i) ? load_format(EXTRA_FORMAT(e), p.extra[e].data,
                                                 extra_offset(p.extra[e], EXTRA_KIND(e), batch.extra[e], row,
                                                              place_of(p, row), n0 + column_of(i) + h))
                                   : 0.f;
        }
  };

  if (warp == 4) {
    if (lane == 0) {
      const auto bring = [&](int k, int stage, bool a, bool b) {
        const int at = first + k, tap = at / slices, slice = at % slices;
        if (LINEAR) {
          if (a) copy_tile(&map_a, ring_a + stage * kABytes, full + stage, at * BK, m0);
          if (b) copy_tile(&map_b, ring_b + stage * kBBytes, full + stage, at * BK, n0);
        } else {
          const int x = m0 % p.ow, y = m0 / p.ow % p.oh, image = m0 / p.ow / p.oh;
          if (a)
            copy_pixels(&map_a, ring_a + stage * kABytes, full + stage, slice * BK, x * p.stride_w - p.pad_w,
                        y * p.stride_h - p.pad_h, image, tap % p.s * p.step_w, tap / p.s * p.step_h);
          if (b) copy_weights(&map_b, ring_b + stage * kBBytes, full + stage, slice * BK, tap, n0);
        }
      };
      const int early = min(steps, ST);
      for (int k = 0; k < early; ++k) {
        barrier_expect(full + k, kABytes + kBBytes);
        if (BEARLY) bring(k, k, false, true);
      }
      wait_for_kernel_before();
      for (int k = 0; k < early; ++k) bring(k, k, true, !BEARLY);
      for (int k = early, stage = 0, phase = 0; k < steps; ++k) {
        barrier_wait(empty + stage, phase);
        barrier_expect(full + stage, kABytes + kBBytes);
        bring(k, stage, true, true);
        if (++stage == ST) stage = 0, phase ^= 1;
      }
    } else {
      wait_for_kernel_before();
    }
    __syncwarp();
    load_beside();
  } else {
    wait_for_kernel_before();
    load_beside();
    float acc[BN / 2];
    int stage = 0, phase = 0;
    for (int k = 0; k < steps; ++k) {
      barrier_wait(full + stage, phase);
      const u64 a = matrix_descriptor(ring_a + stage * kABytes), b = matrix_descriptor(ring_b + stage * kBBytes);
      asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
      for (int i = 0; i < 4; ++i) multiply_tile(acc, a + i * 2, b + i * 2, k | i);
      asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
      if (k > 0) {
        asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
        if (tid == 0) barrier_arrive(empty + (stage == 0 ? ST - 1 : stage - 1));
      }
      if (++stage == ST) stage = 0, phase ^= 1;
    }
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#pragma unroll
    for (int i = 0; i < BN / 2; ++i) asm volatile("" : "+f"(acc[i])::"memory");
    asm volatile("bar.sync 1, 128;" ::: "memory");  // all four warps have multiplied: the ring is free
#pragma unroll
    for (int j = 0; j < BN / 8; ++j)
#pragma unroll
      for (int q = 0; q < 2; ++q)
        *(float2*)(base + (warp * 16 + (lane >> 2) + q * 8) * kPitch + (j * 8 + (lane & 3) * 2) * 4) =
            make_float2(acc[j * 4 + q * 2], acc[j * 4 + q * 2 + 1]);
  }
  cluster_barrier();
#pragma unroll
  for (int i = 0; i < kMine; ++i) {
    if (!has(i)) continue;
    const int row = m0 + local_of(i), at = n0 + column_of(i);
    const u32 from = shared_address(base + local_of(i) * kPitch + column_of(i) * 4);
    float2 parts[SPLITS];
#pragma unroll
    for (int r = 0; r < SPLITS; ++r) parts[r] = remote_pair(from, r);
    float x[2][EXTRAS + 1];
    x[0][0] = parts[0].x, x[1][0] = parts[0].y;
#pragma unroll
    for (int r = 1; r < SPLITS; ++r) x[0][0] += parts[r].x, x[1][0] += parts[r].y;
#pragma unroll
    for (int e = 0; e < EXTRAS; ++e) x[0][e + 1] = beside[i][0][e], x[1][e + 1] = beside[i][1][e];
    const float v0 = epilogue(x[0]), v1 = epilogue(x[1]);
    const i64 to = result_offset(p, batch.y, row, place_of(p, row)) + at;
    if (OUT == 2)
      *(float2*)(p.y + to * 4) = make_float2(v0, v1);
    else
      *(u32*)(p.y + to * 2) = pack2<OUT == 2 ? 0 : OUT>(v0, v1);
  }
  cluster_barrier();  // no block leaves while others read its parts
}
