// y[m, n] = epilogue(sum over k of a[m, k] * b[n, k]) on sm_90a: bulk tensor copies (tiled, or im2col for convolutions),
// wgmma, groups of four warps that multiply and one that copies, blocks that stay and take tile after tile.
//
// Defines   ELEM OUT   formats of a, b and of y
//           GROUPS     groups that multiply, 1 or 2
//           BM BN      tile: BM 64 or 128 for each group, BN 64, 128, 192 or 256
//           ST         stages of 128 bytes of k;  CS: buffers of results (1 or 2);  MINB: blocks a multiprocessor holds
//           LINEAR     1: a is a matrix (tiled map); 0: an image (im2col map)
//           YLINEAR    1: row m of y lies at m * y.pixel
//           YBULK      1: y (16-bit, YLINEAR) is written by bulk copies; 0: by its threads
//           FETCH      index of the extra operand of kind 2 that is copied like a, or -1 (needs YBULK)
// and before this text `multiply_tile(float (&)[BN / 2], u64 a, u64 b, int add)`, which the host writes for BN and ELEM.
struct __align__(64) TensorMap {
  u64 words[16];
};

constexpr int kElem = ELEM == 2 ? 4 : 2;
constexpr int BK = 128 / kElem;
constexpr int kM = BM / (64 * GROUPS);  // products of 64 rows for each group
constexpr int kBox = BN < 64 ? BN : 64, kBoxes = BN / kBox, kBoxBytes = 64 * kBox * 2;  // of results, 64 rows high
constexpr int kABytes = BM * 128, kBBytes = BN * 128, kCBytes = YBULK ? BM * BN * 2 : 0;

// Registers of the threads that copy and of those that multiply; together no more than the block starts with.
constexpr int kFewRegisters = GROUPS * MINB == 1 ? 0 : GROUPS * MINB > 2 ? 24 : 40;
constexpr int kManyRegisters = GROUPS == 2 ? (MINB == 1 ? 232 : 104) : (MINB == 2 ? 216 : 136);

DEVICE u32 shared_address(const void* p) { return (u32)__cvta_generic_to_shared(p); }
DEVICE void barrier_init(u64* b, int count) {
  asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(shared_address(b)), "r"(count));
}
DEVICE void barrier_expect(u64* b, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], %1;" ::"r"(shared_address(b)), "r"(bytes) : "memory");
}
DEVICE void barrier_arrive(u64* b) {
  asm volatile("mbarrier.arrive.shared.b64 _, [%0];" ::"r"(shared_address(b)) : "memory");
}
DEVICE void barrier_wait(u64* b, int phase) {
  u32 done = 0;
  while (done == 0)
    asm volatile(
        "{\n.reg .pred p;\nmbarrier.try_wait.parity.shared.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}\n"
        : "=r"(done)
        : "r"(shared_address(b)), "r"(phase)
        : "memory");
}
DEVICE void copy_tile(const TensorMap* map, void* to, u64* barrier, int x, int y) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
          shared_address(to)),
      "l"(map), "r"(shared_address(barrier)), "r"(x), "r"(y)
      : "memory");
}
DEVICE void copy_weights(const TensorMap* map, void* to, u64* barrier, int channel, int tap, int row) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(
          shared_address(to)),
      "l"(map), "r"(shared_address(barrier)), "r"(channel), "r"(tap), "r"(row)
      : "memory");
}
DEVICE void copy_pixels(const TensorMap* map, void* to, u64* barrier, int channel, int x, int y, int image, int tap_x,
                        int tap_y) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], "
      "[%2], {%7, %8};" ::"r"(shared_address(to)),
      "l"(map), "r"(shared_address(barrier)), "r"(channel), "r"(x), "r"(y), "r"(image), "h"((u16)tap_x), "h"((u16)tap_y)
      : "memory");
}
DEVICE void store_tile(const TensorMap* map, const void* from, int x, int y) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%2, %3}], [%1];" ::"l"(map),
               "r"(shared_address(from)), "r"(x), "r"(y)
               : "memory");
}
// Rows of 128 bytes, swizzled over 1024.
DEVICE u64 matrix_descriptor(const void* p) {
  return (u64)((shared_address(p) & 0x3ffff) >> 4) | (1ull << 16) | (64ull << 32) | (1ull << 62);
}

DEVICE void group_barrier(int group) {
  if (group == 0)
    asm volatile("bar.sync 1, 128;" ::: "memory");
  else
    asm volatile("bar.sync 2, 128;" ::: "memory");
}

extern "C" __global__ void __launch_bounds__(GROUPS * 128 + 128, MINB)
    contract(const __grid_constant__ Contraction p, const __grid_constant__ TensorMap map_a,
             const __grid_constant__ TensorMap map_b, const __grid_constant__ TensorMap map_extra,
             const __grid_constant__ TensorMap map_y) {
  extern __shared__ __align__(1024) char memory[];
  char* const base = (char*)(((u64)memory + 1023) & ~(u64)1023);
  char *const ring_a = base, *const ring_b = base + ST * kABytes, *const results = ring_b + ST * kBBytes;
  __shared__ u64 full[ST], empty[ST], fetched[CS], released[CS];
  const int group = threadIdx.x >> 7, tid = threadIdx.x & 127;
  if (threadIdx.x == 0) {
    for (int i = 0; i < ST; ++i) barrier_init(full + i, 1), barrier_init(empty + i, GROUPS);
    for (int i = 0; i < CS; ++i) barrier_init(fetched + i, 1), barrier_init(released + i, GROUPS);
    asm volatile("fence.mbarrier_init.release.cluster;");
  }
  __syncthreads();
  wait_for_kernel_before();
  const int slices = (p.c + BK - 1) / BK;  // of the channels of a tap
  const int steps = LINEAR ? (p.kd + BK - 1) / BK : p.kd / p.c * slices;
  const int tiles = p.tiles_n * ((p.m + BM - 1) / BM);

  if (group == GROUPS) {
    if (kFewRegisters > 0) asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kFewRegisters > 0 ? kFewRegisters : 24));
    if (tid == 0) {
      int stage = 0, phase = 1, buffer = 0, buffer_phase = 1;
      for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
        const int n0 = t % p.tiles_n * BN, m0 = t / p.tiles_n * BM;
        const int x = m0 % p.ow, y = m0 / p.ow % p.oh, image = m0 / p.ow / p.oh;
        const auto fetch = [&]() {
          barrier_wait(released + buffer, buffer_phase);
          barrier_expect(fetched + buffer, kCBytes);
          char* const to = results + buffer * kCBytes;
#pragma unroll
          for (int g = 0; g < BM / 64; ++g)
#pragma unroll
            for (int q = 0; q < kBoxes; ++q)
              copy_tile(&map_extra, to + (g * kBoxes + q) * kBoxBytes, fetched + buffer, n0 + q * kBox, m0 + g * 64);
          if (++buffer == CS) buffer = 0, buffer_phase ^= 1;
        };
        if (FETCH >= 0 && CS > 1) fetch();
        for (int k = 0, tap = 0, tap_x = 0, tap_y = 0, slice = 0; k < steps; ++k) {
          barrier_wait(empty + stage, phase);
          barrier_expect(full + stage, kABytes + kBBytes);
          char *const to_a = ring_a + stage * kABytes, *const to_b = ring_b + stage * kBBytes;
          if (LINEAR) {
            copy_tile(&map_a, to_a, full + stage, k * BK, m0);
            copy_tile(&map_b, to_b, full + stage, k * BK, n0);
          } else {
            copy_pixels(&map_a, to_a, full + stage, slice * BK, x * p.stride_w - p.pad_w, y * p.stride_h - p.pad_h,
                        image, tap_x * p.step_w, tap_y * p.step_h);
            copy_weights(&map_b, to_b, full + stage, slice * BK, tap, n0);
            if (++slice == slices) {
              slice = 0, ++tap;
              if (++tap_x == p.s) tap_x = 0, ++tap_y;
            }
          }
          if (++stage == ST) stage = 0, phase ^= 1;
        }
        if (FETCH >= 0 && CS == 1) fetch();
      }
    }
  } else {
    if (kFewRegisters > 0) asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kManyRegisters));
    const int g = group, lane = tid & 31, warp = tid >> 5;
    const Batch batch = batch_of(p, 0);
    int stage = 0, phase = 0, buffer = 0, buffer_phase = 0;
    for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
      const int n0 = t % p.tiles_n * BN, m0 = t / p.tiles_n * BM + g * (BM / GROUPS);
      float acc[kM][BN / 2];
      for (int k = 0; k < steps; ++k) {
        barrier_wait(full + stage, phase);
        const u64 a = matrix_descriptor(ring_a + stage * kABytes + g * (kABytes / GROUPS));
        const u64 b = matrix_descriptor(ring_b + stage * kBBytes);
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
      asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
      if (tid == 0) barrier_arrive(empty + (stage == 0 ? ST - 1 : stage - 1));
#pragma unroll
      for (int m = 0; m < kM; ++m)
#pragma unroll
        for (int i = 0; i < BN / 2; ++i) asm volatile("" : "+f"(acc[m][i])::"memory");

      char* const out = results + buffer * kCBytes + g * (kCBytes / GROUPS);
      if (FETCH >= 0) {
        barrier_wait(fetched + buffer, buffer_phase);
      } else if (YBULK) {
        if (tid == 0) asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(CS - 1) : "memory");
        group_barrier(g);
      }
#pragma unroll
      for (int m = 0; m < kM; ++m)
#pragma unroll
        for (int q = 0; q < 2; ++q) {
          const int local = warp * 16 + (lane >> 2) + q * 8, row = m0 + m * 64 + local;
          const Place place = place_of(p, row);
#pragma unroll
          for (int j = 0; j < BN / 8; ++j) {
            const int at = n0 + j * 8 + (lane & 3) * 2;
            char* const box = out + (m * kBoxes + j * 8 / kBox) * kBoxBytes;
            const int byte = local * kBox * 2 + (j * 8 % kBox) * 2 + (lane & 3) * 4;
            u32* const word = (u32*)(box + (byte ^ ((byte >> 7 & 7) << 4)));
            float2 f = make_float2(0.f, 0.f);
            if (FETCH >= 0) {
              constexpr int kFetch = FETCH >= 0 ? FETCH : 0;
              f = EXTRA_FORMAT(kFetch) == 0 ? unpack2<0>(*word) : unpack2<1>(*word);
            }
            float v0 = 0.f, v1 = 0.f;
            if (row < p.m && at < p.n) {
              v0 = finished(p, batch, acc[m][j * 4 + q * 2], row, place, at, f.x);
              v1 = finished(p, batch, acc[m][j * 4 + q * 2 + 1], row, place, at + 1, f.y);
              if (!YBULK) {
                const i64 to = result_offset(p, batch.y, row, place) + at;
                if (OUT == 2)
                  *(float2*)(p.y + to * 4) = make_float2(v0, v1);
                else
                  *(u32*)(p.y + to * 2) = pack2<OUT == 2 ? 0 : OUT>(v0, v1);
              }
            }
            if (YBULK) *word = pack2<OUT == 2 ? 0 : OUT>(v0, v1);
          }
        }
      if (YBULK) {
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
        group_barrier(g);
        if (tid == 0) {
#pragma unroll
          for (int m = 0; m < kM; ++m)
#pragma unroll
            for (int q = 0; q < kBoxes; ++q)
              store_tile(&map_y, out + (m * kBoxes + q) * kBoxBytes, n0 + q * kBox, m0 + m * 64);
          asm volatile("cp.async.bulk.commit_group;" ::: "memory");
          if (FETCH >= 0) {
            // The buffer of the tile before is free once its store has been read.
            asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(CS - 1) : "memory");
            if (CS == 1)
              barrier_arrive(released);
            else if (t != (int)blockIdx.x)
              barrier_arrive(released + (buffer ^ 1));
          }
        }
        if (++buffer == CS) buffer = 0, buffer_phase ^= 1;
      }
    }
    if (YBULK && tid == 0) asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  }
}
