// y = softmax(q k^T * scale + mask) v for heads of a batch, without the matrix of scores in memory: blocks of 16 queries
// a warp, keys and values by cp.async in tiles, running maximum and sum in f32 (Milakov and Gimelshein 2018). After mma.cu.
//
// Defines   ELEM           format of q, k, v and y (0 or 1)
//           D E            head sizes of q and k, and of v, rounded up to 16
//           MINB           blocks a multiprocessor should hold
//           WARPS KEYS     warps of a block, keys of a tile (a multiple of 16);  ST: tiles in flight (1 or 2)
//           VECQ           bytes of one copy: 16 where rows are aligned, else 2
//           MASK           -1: none, else its format;  MASKROWS: 0: the same for all queries
//           POSITIVE: 1: the scale is
//           CAUSAL: 1: query i sees keys 0 .. i
struct Rows {
  i64 batch, head, row;  // strides in elements
};
struct Attention {
  const char *q, *k, *v, *mask;
  char* y;
  Rows qs, ks, vs, ys, ms;
  i64 mask_key;
  float scale;  // times log2(e)
  int heads, queries, keys, d, e;
};
constexpr int kThreads = WARPS * 32;
constexpr int kPitchK = D * 2 + 16, kPitchV = E * 2 + 16;
constexpr bool kHoldQueries = D <= 128;  // in registers; else they stay in shared memory
constexpr int kTileK = KEYS * kPitchK, kTileV = KEYS * kPitchV;

// Rows first .. first + kRows of a matrix of `size` real columns into shared memory, zeros where there is nothing.
template <int kRows, int kColumns, int kPitch>
DEVICE void load_rows(char* to, const char* from, i64 stride, int first, int count, int size) {
  constexpr int kChunks = kColumns * 2 / VECQ;
#pragma unroll 4
  for (int i = threadIdx.x; i < kRows * kChunks; i += kThreads) {
    const int row = i / kChunks, column = i % kChunks * (VECQ / 2);
    const bool good = first + row < count && column < size;
    copy_async<VECQ>(shared_address(to + row * kPitch + column * 2),
                     good ? from + ((first + row) * stride + column) * 2 : from, good);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, MINB) attention(const __grid_constant__ Attention p) {
  extern __shared__ __align__(128) char memory[];
  char *const tiles_k = memory, *const tiles_v = memory + ST * kTileK;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int head = blockIdx.y % (u32)p.heads, batch = blockIdx.y / (u32)p.heads;
  const int first = blockIdx.x * (WARPS * 16), mine = first + warp * 16;
  const char* const q = p.q + (batch * p.qs.batch + head * p.qs.head) * 2;
  const char* const k = p.k + (batch * p.ks.batch + head * p.ks.head) * 2;
  const char* const mask = MASK >= 0 ? p.mask + (batch * p.ms.batch + head * p.ms.head) * (MASK == 2 ? 4 : 2) : nullptr;
  const char* const v = p.v + (batch * p.vs.batch + head * p.vs.head) * 2;
  wait_for_kernel_before();
  u32 fq[kHoldQueries ? D / 16 : 1][4];
  char* const queries = tiles_v + ST * kTileV;
  const u32 my_query = shared_address(queries + (warp * 16 + (lane & 15)) * kPitchK + (lane >> 4) * 16);
  load_rows<WARPS * 16, D, kPitchK>(queries, q, p.qs.row, first, p.queries, p.d);
  commit();
  const int seen = CAUSAL ? min(p.keys, first + WARPS * 16) : p.keys;
  const int tiles = (seen + KEYS - 1) / KEYS;
  const auto load_tile = [&](int tile) {
    if (tile < tiles) {
      load_rows<KEYS, D, kPitchK>(tiles_k + tile % ST * kTileK, k, p.ks.row, tile * KEYS, p.keys, p.d);
      load_rows<KEYS, E, kPitchV>(tiles_v + tile % ST * kTileV, v, p.vs.row, tile * KEYS, p.keys, p.e);
    }
    commit();
  };
  if (ST > 1) {
    load_tile(0);
    wait_copies<1>();
  } else {
    wait_copies<0>();
  }
  __syncthreads();
  if (kHoldQueries) {
#pragma unroll
    for (int i = 0; i < (kHoldQueries ? D / 16 : 1); ++i) matrices(fq[i], my_query + i * 32);
  }

  float out[E / 8][4];
#pragma unroll
  for (int i = 0; i < E / 8; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) out[i][j] = 0.f;
  const float kLowest = __int_as_float(0xff800000);
  float largest[2] = {kLowest, kLowest}, sum[2] = {0.f, 0.f};
  for (int tile = 0; tile < tiles; ++tile) {
    if (ST > 1) {
      load_tile(tile + 1);
      wait_copies<1>();
    } else {
      load_tile(tile);
      wait_copies<0>();
    }
    __syncthreads();
    if (mine >= p.queries) {  // this warp only helps to copy
      __syncthreads();
      continue;
    }
    const char* const tk = tiles_k + tile % ST * kTileK;
    const char* const tv = tiles_v + tile % ST * kTileV;
    float added[MASK >= 0 ? KEYS / 8 : 1][4];
    if (MASK >= 0) {
      constexpr int kMask = MASK >= 0 ? MASK : 0;
#pragma unroll
      for (int j = 0; j < (MASK >= 0 ? KEYS / 8 : 1); ++j)
#pragma unroll
        for (int c = 0; c < 4; ++c) {
          const int row = min(mine + (lane >> 2) + (c >> 1) * 8, p.queries - 1);
          const int key = min(tile * KEYS + j * 8 + (lane & 3) * 2 + (c & 1), p.keys - 1);
          added[j][c] = MASKROWS || c < 2 ? load1<kMask>(mask, row * p.ms.row + key * p.mask_key) : added[j][c & 1];
        }
    }
    float score[KEYS / 8][4];
#pragma unroll
    for (int j = 0; j < KEYS / 8; ++j)
#pragma unroll
      for (int c = 0; c < 4; ++c) score[j][c] = 0.f;
#pragma unroll
    for (int i = 0; i < D / 16; ++i) {
      u32(&f)[4] = fq[kHoldQueries ? i : 0];
      if (!kHoldQueries) matrices(f, my_query + i * 32);
#pragma unroll
      for (int j = 0; j < KEYS / 8; j += 2) {
        u32 b[4];
        matrices(b, shared_address(tk + (j * 8 + (lane & 7) + ((lane >> 4) << 3)) * kPitchK +
                                   (i * 2 + ((lane >> 3) & 1)) * 16));
        multiply(score[j], f, b[0], b[1]);
        multiply(score[j + 1], f, b[2], b[3]);
      }
    }
    // Scores stay unscaled where that keeps their order; the scale then joins the subtraction of the maximum.
    constexpr bool kLate = MASK < 0 && POSITIVE;
    const float factor = kLate ? p.scale : 1.f;
    if (!kLate) {
#pragma unroll
      for (int j = 0; j < KEYS / 8; ++j)
#pragma unroll
        for (int c = 0; c < 4; ++c) {
          score[j][c] *= p.scale;
          if (MASK >= 0) score[j][c] += 1.4426950408889634f * added[MASK >= 0 ? j : 0][c];
        }
    }
    if (CAUSAL || (tile + 1) * KEYS > p.keys) {
#pragma unroll
      for (int j = 0; j < KEYS / 8; ++j)
#pragma unroll
        for (int c = 0; c < 4; ++c) {
          const int row = mine + (lane >> 2) + (c >> 1) * 8, key = tile * KEYS + j * 8 + (lane & 3) * 2 + (c & 1);
          if (key >= p.keys || (CAUSAL && key > row)) score[j][c] = kLowest;
        }
    }
    const float before[2] = {largest[0], largest[1]};
#pragma unroll
    for (int j = 0; j < KEYS / 8; ++j)
#pragma unroll
      for (int c = 0; c < 4; ++c) largest[c >> 1] = fmaxf(largest[c >> 1], score[j][c]);
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      largest[h] = fmaxf(largest[h], __shfl_xor_sync(0xffffffffu, largest[h], 1));
      largest[h] = fmaxf(largest[h], __shfl_xor_sync(0xffffffffu, largest[h], 2));
      const float shift = largest[h] == kLowest ? 0.f : largest[h] * factor;
      const float shrink = exp2_near(before[h] == kLowest ? kLowest : before[h] * factor - shift);
      sum[h] *= shrink;
#pragma unroll
      for (int i = 0; i < E / 8; ++i) out[i][h * 2] *= shrink, out[i][h * 2 + 1] *= shrink;
#pragma unroll
      for (int j = 0; j < KEYS / 8; ++j) {
        score[j][h * 2] = exp2_near(fmaf(score[j][h * 2], factor, -shift));
        score[j][h * 2 + 1] = exp2_near(fmaf(score[j][h * 2 + 1], factor, -shift));
        sum[h] += score[j][h * 2] + score[j][h * 2 + 1];
      }
    }
#pragma unroll
    for (int j = 0; j < KEYS / 16; ++j) {
      const u32 a[4] = {pack2<ELEM>(score[2 * j][0], score[2 * j][1]), pack2<ELEM>(score[2 * j][2], score[2 * j][3]),
                        pack2<ELEM>(score[2 * j + 1][0], score[2 * j + 1][1]),
                        pack2<ELEM>(score[2 * j + 1][2], score[2 * j + 1][3])};
#pragma unroll
      for (int i = 0; i < E / 8; i += 2) {
        u32 b[4];
        matrices_transposed(b, shared_address(tv + (j * 16 + (lane & 15)) * kPitchV + (i + (lane >> 4)) * 16));
        multiply(out[i], a, b[0], b[1]);
        multiply(out[i + 1], a, b[2], b[3]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 1);
    sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 2);
    const int row = mine + (lane >> 2) + h * 8;
    if (row >= p.queries) continue;
    const float inverse = __fdividef(1.f, sum[h]);
    const bool nothing = sum[h] == 0.f;
    char* const to = p.y + (batch * p.ys.batch + head * p.ys.head + row * p.ys.row) * 2;
#pragma unroll
    for (int i = 0; i < E / 8; ++i) {
      const int column = i * 8 + (lane & 3) * 2;
      const float v0 = nothing ? __int_as_float(0x7fc00000) : out[i][h * 2] * inverse;
      const float v1 = nothing ? __int_as_float(0x7fc00000) : out[i][h * 2 + 1] * inverse;
      if (VECQ == 16) {
        if (column < p.e) *(u32*)(to + column * 2) = pack2<ELEM>(v0, v1);
      } else {
        if (column < p.e) store1<ELEM>(to, column, v0);
        if (column + 1 < p.e) store1<ELEM>(to, column + 1, v1);
      }
    }
  }
}
