// attention.cu for sm_90a: wgmma, bulk tensor copies, blocks that stay. A unit of work is 128 queries of a head; each of two
// groups of four warps takes 64 of them. They take turns: one gives the tensor cores its values and its next keys, while
// the other weighs. Keys and values pass in tiles that both groups read; where one tile holds all keys, it stays for the
// head's next queries.
//
// Defines   ELEM           format of q, k, v and y (0 or 1)
//           D E            head sizes of q and k, and of v, rounded up to 64
//           KEYS           keys of a tile (a multiple of 16, at most 256);  ST: tiles of keys, and of values, in flight
//           ONE            1: one tile holds all keys
//           MASK MASKROWS POSITIVE CAUSAL   as in attention.cu
// and before this text `multiply_keys(float (&)[KEYS / 2], u64 q, u64 k, int add)` and
// `multiply_values(float (&)[32], const u32 (&)[4], u64 v)`.
struct MaskRows {
  i64 batch, head, row;  // strides in elements
};
struct Attention {
  const char* mask;
  MaskRows ms;
  i64 mask_key;
  float scale;  // times log2(e)
  int heads, queries, keys, rounds, units;  // rounds: units of a head
};
constexpr int kQBytes = 64 * D * 2, kOutBytes = 64 * E * 2, kKBytes = KEYS * D * 2, kVBytes = KEYS * E * 2;
constexpr int kHalf = 64 * 128;  // bytes of 64 rows of 64 columns

DEVICE void group_barrier(int group) {
  if (group == 0)
    asm volatile("bar.sync 1, 128;" ::: "memory");
  else
    asm volatile("bar.sync 2, 128;" ::: "memory");
}
// Group 0 has the first turn.
DEVICE void wait_for_turn(int group) {
  if (group == 0)
    asm volatile("bar.sync 3, 256;" ::: "memory");
  else
    asm volatile("bar.sync 4, 256;" ::: "memory");
}
DEVICE void give_turn_to(int group) {
  if (group == 0)
    asm volatile("bar.arrive 3, 256;" ::: "memory");
  else
    asm volatile("bar.arrive 4, 256;" ::: "memory");
}

DEVICE int tiles_of(const Attention& p, int unit) {
  const int seen = CAUSAL ? min(p.keys, (unit % p.rounds + 1) * 128) : p.keys;
  return ONE ? 1 : (seen + KEYS - 1) / KEYS;
}
// The tiles of keys that a block meets, unit after unit.
struct Step {
  int u, t, tiles, stage, phase;
  __device__ __forceinline__ Step(const Attention& p, int unit) : u(unit), t(0), tiles(tiles_of(p, unit)), stage(0), phase(0) {}
  // Whether the next step needs another tile in shared memory.
  __device__ __forceinline__ bool leaves(const Attention& p, int end) const {
    return !ONE || u + 1 == end || (u + 1) % p.rounds == 0;
  }
  __device__ __forceinline__ void next(const Attention& p, int end) {
    if (leaves(p, end) && ++stage == ST) stage = 0, phase ^= 1;
    if (++t == tiles) ++u, t = 0, tiles = tiles_of(p, u);
  }
};

extern "C" __global__ void __launch_bounds__(384, 1)
    attention(const __grid_constant__ Attention p, const __grid_constant__ TensorMap map_q,
              const __grid_constant__ TensorMap map_k, const __grid_constant__ TensorMap map_v,
              const __grid_constant__ TensorMap map_y) {
  extern __shared__ __align__(1024) char memory[];
  char* const base = (char*)(((u64)memory + 1023) & ~(u64)1023);
  char *const results = base + 4 * kQBytes, *const ring = results + 2 * kOutBytes;
  __shared__ u64 q_full[4], q_empty[4], k_full[ST], v_full[ST], k_empty[ST], v_empty[ST];
  const int group = threadIdx.x >> 7, tid = threadIdx.x & 127, lane = tid & 31, warp = tid >> 5;
  if (threadIdx.x == 0) {
    for (int i = 0; i < 4; ++i) barrier_init(q_full + i, 1), barrier_init(q_empty + i, 1);
    for (int i = 0; i < ST; ++i) {
      barrier_init(k_full + i, 1), barrier_init(v_full + i, 1);
      barrier_init(k_empty + i, 2), barrier_init(v_empty + i, 2);
    }
    asm volatile("fence.mbarrier_init.release.cluster;");
  }
  __syncthreads();
  wait_for_kernel_before();
  const int u0 = (int)((i64)p.units * blockIdx.x / gridDim.x), u1 = (int)((i64)p.units * (blockIdx.x + 1) / gridDim.x);

  if (group == 2) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (tid == 0) {
      bool fresh = true;  // the step's tile is not in shared memory yet
      for (Step at(p, u0); at.u < u1; at.next(p, u1)) {
        const int item = at.u / p.rounds, round = at.u % p.rounds, head = item % p.heads, batch = item / p.heads;
        const int unit = at.u - u0;
        for (int g = 0; g < 2 && at.t == 0; ++g) {
          const int slot = g * 2 + (unit & 1);
          barrier_wait(q_empty + slot, (unit >> 1 & 1) ^ 1);
          barrier_expect(q_full + slot, kQBytes);
          for (int x = 0; x < D / 64; ++x)
            copy_rows(&map_q, base + slot * kQBytes + x * kHalf, q_full + slot, x * 64, round * 128 + g * 64, head, batch);
        }
        if (fresh) {
          char* const to = ring + at.stage * (kKBytes + kVBytes);
          barrier_wait(k_empty + at.stage, at.phase ^ 1);
          barrier_expect(k_full + at.stage, kKBytes);
          for (int x = 0; x < D / 64; ++x)
            copy_rows(&map_k, to + x * KEYS * 128, k_full + at.stage, x * 64, at.t * KEYS, head, batch);
          barrier_wait(v_empty + at.stage, at.phase ^ 1);
          barrier_expect(v_full + at.stage, kVBytes);
          for (int x = 0; x < E / 64; ++x)
            copy_rows(&map_v, to + kKBytes + x * KEYS * 128, v_full + at.stage, x * 64, at.t * KEYS, head, batch);
        }
        fresh = at.leaves(p, u1);
      }
    }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    const float kLowest = __int_as_float(0xff800000);
    constexpr bool kLate = MASK < 0 && POSITIVE;  // the scale joins the subtraction of the maximum
    const float factor = kLate ? p.scale : 1.f;
    float score[KEYS / 2], out[E / 64][32], largest[2] = {kLowest, kLowest}, sum[2] = {0.f, 0.f};
    char* const result = results + group * kOutBytes;
    const auto multiply_queries = [&](const Step& at) {
      const int unit = at.u - u0, slot = group * 2 + (unit & 1);
      const char *const queries = base + slot * kQBytes, *const tile = ring + at.stage * (kKBytes + kVBytes);
      if (at.u < u1) {  // after the last step the product is made of what lies there, and not used
        barrier_wait(q_full + slot, unit >> 1 & 1);
        barrier_wait(k_full + at.stage, at.phase);
      }
      asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
      for (int i = 0; i < D / 16; ++i)
        multiply_keys(score, matrix_descriptor(queries + i / 4 * kHalf) + i % 4 * 2,
                      matrix_descriptor(tile + i / 4 * KEYS * 128) + i % 4 * 2, i);
      asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    };
    Step at(p, u0);
    multiply_queries(at);
    if (group == 1) give_turn_to(0);
    while (at.u < u1) {
      const int item = at.u / p.rounds, round = at.u % p.rounds, head = item % p.heads, batch = item / p.heads;
      const int mine = round * 128 + group * 64;
      const char* const mask =
          MASK >= 0 ? p.mask + (batch * p.ms.batch + head * p.ms.head) * (MASK == 2 ? 4 : 2) : nullptr;
      const bool last = at.t + 1 == at.tiles;
      constexpr int kMask = MASK >= 0 ? MASK : 0, kSame = MASK >= 0 && !MASKROWS ? KEYS / 8 : 1;
      float same[kSame][2];  // of a mask that is the same for all queries, on its way while the product is made
#pragma unroll
      for (int j = 0; j < kSame; ++j)
#pragma unroll
        for (int c = 0; c < 2; ++c) {
          const int key = min(at.t * KEYS + j * 8 + (lane & 3) * 2 + c, p.keys - 1);
          same[j][c] = MASK >= 0 && !MASKROWS ? load1<kMask>(mask, key * p.mask_key) : 0.f;
        }
      asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#pragma unroll
      for (int i = 0; i < KEYS / 2; ++i) asm volatile("" : "+f"(score[i])::"memory");
      group_barrier(group);  // all four warps have read their queries and keys
      if (tid == 0 && last) barrier_arrive(q_empty + group * 2 + (at.u - u0 & 1));
      if (tid == 0 && at.leaves(p, u1)) barrier_arrive(k_empty + at.stage);
      if (at.t == 0) {
        largest[0] = largest[1] = kLowest, sum[0] = sum[1] = 0.f;
#pragma unroll
        for (int x = 0; x < E / 64; ++x)
#pragma unroll
          for (int i = 0; i < 32; ++i) out[x][i] = 0.f;
      }

      // Element c of score[j * 4 ..]: row lane / 4 + c / 2 * 8, key j * 8 + lane % 4 * 2 + c % 2.
      if (!kLate) {
#pragma unroll
        for (int j = 0; j < KEYS / 8; ++j) {
          float added[4];
#pragma unroll
          for (int c = 0; c < 4; ++c) {
            const int row = min(mine + warp * 16 + (lane >> 2) + (c >> 1) * 8, p.queries - 1);
            const int key = min(at.t * KEYS + j * 8 + (lane & 3) * 2 + (c & 1), p.keys - 1);
            added[c] = MASK < 0   ? 0.f
                       : MASKROWS ? load1<kMask>(mask, row * p.ms.row + key * p.mask_key)
                                  : same[kSame > 1 ? j : 0][c & 1];
          }
#pragma unroll
          for (int c = 0; c < 4; ++c) {
            score[j * 4 + c] *= p.scale;
            if (MASK >= 0) score[j * 4 + c] += 1.4426950408889634f * added[c];
          }
        }
      }
      if (CAUSAL || (at.t + 1) * KEYS > p.keys) {
        constexpr int kFull = ONE && !CAUSAL ? KEYS / 2 - 8 : 0;  // a tile of all keys is less than 16 too wide
#pragma unroll
        for (int i = kFull; i < KEYS / 2; ++i) {
          const int row = mine + warp * 16 + (lane >> 2) + (i >> 1 & 1) * 8;
          const int key = at.t * KEYS + i / 4 * 8 + (lane & 3) * 2 + (i & 1);
          if (key >= p.keys || (CAUSAL && key > row)) score[i] = kLowest;
        }
      }
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        const float before = largest[h];
        float highest[2] = {before, before};
#pragma unroll
        for (int j = 0; j < KEYS / 8; ++j)
          highest[j & 1] = fmaxf(highest[j & 1], fmaxf(score[j * 4 + h * 2], score[j * 4 + h * 2 + 1]));
        largest[h] = fmaxf(highest[0], highest[1]);
        largest[h] = fmaxf(largest[h], __shfl_xor_sync(0xffffffffu, largest[h], 1));
        largest[h] = fmaxf(largest[h], __shfl_xor_sync(0xffffffffu, largest[h], 2));
        const float shift = largest[h] == kLowest ? 0.f : largest[h] * factor;
        if (!ONE) {
          const float shrink = exp2_near(before == kLowest ? kLowest : before * factor - shift);
          sum[h] *= shrink;
#pragma unroll
          for (int x = 0; x < E / 64; ++x)
#pragma unroll
            for (int i = 0; i < 8; ++i) out[x][i * 4 + h * 2] *= shrink, out[x][i * 4 + h * 2 + 1] *= shrink;
        }
        float some[2] = {0.f, 0.f};
#pragma unroll
        for (int j = 0; j < KEYS / 8; ++j) {
          float &v0 = score[j * 4 + h * 2], &v1 = score[j * 4 + h * 2 + 1];
          v0 = exp2_near(fmaf(v0, factor, -shift)), v1 = exp2_near(fmaf(v1, factor, -shift));
          some[0] += v0, some[1] += v1;
        }
        sum[h] += some[0] + some[1];
      }
      u32 weights[KEYS / 16][4];
#pragma unroll
      for (int j = 0; j < KEYS / 16; ++j)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          weights[j][i] = pack2<ELEM>(score[j * 8 + i * 2], score[j * 8 + i * 2 + 1]);
          asm volatile("" : "+r"(weights[j][i])::"memory");
        }
#pragma unroll
      for (int x = 0; x < E / 64; ++x)
#pragma unroll
        for (int i = 0; i < 32; ++i) asm volatile("" : "+f"(out[x][i])::"memory");

      const Step now = at;
      at.next(p, u1);
      const char* const tile = ring + now.stage * (kKBytes + kVBytes) + kKBytes;
      barrier_wait(v_full + now.stage, now.phase);
      wait_for_turn(group);
      asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
      for (int j = 0; j < KEYS / 16; ++j)
#pragma unroll
        for (int x = 0; x < E / 64; ++x)
          multiply_values(out[x], weights[j], matrix_descriptor(tile + x * KEYS * 128) + j * 128);
      asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
      multiply_queries(at);
      if (group == 0 || at.u < u1) give_turn_to(group ^ 1);
      asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
#pragma unroll
      for (int x = 0; x < E / 64; ++x)
#pragma unroll
        for (int i = 0; i < 32; ++i) asm volatile("" : "+f"(out[x][i])::"memory");
      if (now.leaves(p, u1) && tid == 0) barrier_arrive(v_empty + now.stage);

      if (last) {
        float inverse[2];
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 1);
          sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 2);
          inverse[h] = sum[h] == 0.f ? __int_as_float(0x7fc00000) : 1.f / sum[h];
        }
        if (tid == 0) asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
        group_barrier(group);  // the result before has left its place
        const u32 line = shared_address(result) + (warp * 16 + (lane & 15)) * 128;
#pragma unroll
        for (int x = 0; x < E / 64; ++x)
#pragma unroll
          for (int j = 0; j < 8; j += 2) {
            u32 words[4];
#pragma unroll
            for (int i = 0; i < 4; ++i)
              words[i] = pack2<ELEM>(out[x][j * 4 + i * 2] * inverse[i & 1], out[x][j * 4 + i * 2 + 1] * inverse[i & 1]);
            store_matrices(line + x * kHalf + (((j + (lane >> 4)) ^ (lane & 7)) << 4), words);
          }
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
        group_barrier(group);
        if (tid == 0) {
          for (int x = 0; x < E / 64; ++x) store_rows(&map_y, result + x * kHalf, x * 64, mine, head, batch);
          asm volatile("cp.async.bulk.commit_group;" ::: "memory");
        }
      }
    }
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    if (tid == 0) asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  }
}
