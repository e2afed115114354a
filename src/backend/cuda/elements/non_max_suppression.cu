// Of boxes that overlap, those of the highest score. After common.cu.
//
// Defines   BOXES, CLASSES, LISTS (batch * classes), SLOTS (most a list);  CENTER: center_point_box;  HAS_SCORE;
//           BOX(b, i, k), SCORE(b, c, i), ROW(r, k): element offsets;  THREADS: a power of two from 64 to 1024
//
// select_boxes, a block a list (one class of one image): candidates by falling score, CHUNK at a time. A chunk holds
// the next keys of the list, found by counting keys in bins and sorted in shared memory. Of each 64 in order,
// threads first look whether a selected box hides one, then which hide each other; one warp goes through the rest.
// place_boxes: the selected of all lists, one after the other, and zeros behind them.
constexpr int CHUNK = 1024, BINS = 2048, TILE = 64, PARTS = THREADS / TILE;
constexpr bool kNear = SLOTS <= 1024;  // selected boxes in shared memory
constexpr uint64_t kEnd = ~0ull;       // above every key

struct Box { float low0, low1, high0, high1; };

__device__ __forceinline__ Box box_of(const float* __restrict__ boxes, int b, int i) {
  const float p = boxes[BOX(b, i, 0)], q = boxes[BOX(b, i, 1)], r = boxes[BOX(b, i, 2)], s = boxes[BOX(b, i, 3)];
  if (CENTER) return {p - r / 2.f, q - s / 2.f, p + r / 2.f, q + s / 2.f};
  return {r < p ? r : p, s < q ? s : q, p < r ? r : p, q < s ? s : q};
}
__device__ __forceinline__ float area_of(const Box& box) { return (box.high0 - box.low0) * (box.high1 - box.low1); }

// A box with a NaN has an area that is NaN or 0: what the minima make of it does not matter.
__device__ __forceinline__ bool overlap_more(const Box& a, const Box& b, float threshold) {
  const float height = fminf(a.high0, b.high0) - fmaxf(a.low0, b.low0);
  const float width = fminf(a.high1, b.high1) - fmaxf(a.low1, b.low1);
  if (!(height > 0.f) || !(width > 0.f)) return false;
  const float first = area_of(a), second = area_of(b), both = height * width, either = first + second - both;
  if (!(both > 0.f) || !(first > 0.f) || !(second > 0.f) || !(either > 0.f)) return false;
  return both / either > threshold;
}

// Rising keys are falling scores, and rising places of equal scores. kEnd: not a candidate.
__device__ __forceinline__ uint64_t key_of(float score, int i, float least) {
  if (score != score || (HAS_SCORE && !(score > least))) return kEnd;
  const uint32_t bits = __float_as_uint(score == 0.f ? 0.f : score);
  const uint32_t rising = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return (uint64_t)~rising << 32 | (uint32_t)i;
}

__device__ __forceinline__ uint64_t least_of_warp(uint64_t x) {
#pragma unroll
  for (int apart = 16; apart > 0; apart /= 2) {
    const uint64_t other = __shfl_xor_sync(~0u, x, apart);
    x = other < x ? other : x;
  }
  return x;
}

struct Shared {
  uint64_t keys[CHUNK];
  int bins[BINS];
  Box kept[kNear ? SLOTS : 1];
  Box tile[TILE];
  uint64_t hidden_by[TILE];  // bit i: by candidate i of the tile
  uint64_t least, most;
  uint32_t hidden[TILE / 32];  // by boxes selected earlier
  int found, selected, bin, below;
};

// A function of each key in [from, to), its place in the list, for all threads alike.
template <class F>
__device__ __forceinline__ void each_key(const float* __restrict__ scores, int b, int c, float least, uint64_t from,
                                         uint64_t to, F visit) {
  constexpr int BATCH = 8;
  for (int base = threadIdx.x; base - (int)threadIdx.x < BOXES; base += THREADS * BATCH) {
    float score[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; ++k) {
      const int i = base + k * THREADS;
      score[k] = i < BOXES ? scores[SCORE(b, c, i)] : __uint_as_float(0x7fc00000u);
    }
#pragma unroll
    for (int k = 0; k < BATCH; ++k) {
      const uint64_t key = key_of(score[k], base + k * THREADS, least);
      visit(key, key >= from && key < to);
    }
  }
}

// Puts the keys in [from, to) into `keys` in any order, as far as there is room; `found` counts all of them.
__device__ __forceinline__ void collect(Shared& s, const float* __restrict__ scores, int b, int c, float least,
                                        uint64_t from, uint64_t to) {
  const int lane = threadIdx.x % 32;
  if (threadIdx.x == 0) {
    s.found = 0;
    s.least = kEnd;
    s.most = 0;
  }
  __syncthreads();
  uint64_t first = kEnd, last = 0;
  each_key(scores, b, c, least, from, to, [&](uint64_t key, bool takes) {
    const uint32_t taking = __ballot_sync(~0u, takes);
    if (taking == 0) return;
    int slot = 0;
    if (lane == 0) slot = atomicAdd(&s.found, __popc(taking));
    slot = __shfl_sync(~0u, slot, 0) + __popc(taking & ((1u << lane) - 1));
    if (!takes) return;
    if (slot < CHUNK) s.keys[slot] = key;
    first = key < first ? key : first;
    last = key > last ? key : last;
  });
  first = least_of_warp(first);
  last = ~least_of_warp(~last);
  if (lane == 0 && first != kEnd) {
    atomicMin((unsigned long long*)&s.least, first);
    atomicMax((unsigned long long*)&s.most, last);
  }
  __syncthreads();
}

// The end of a range from `from` on with at least a quarter of CHUNK keys, or all of one bin, and at most CHUNK.
// More than CHUNK keys are in [from, last].
__device__ __forceinline__ uint64_t end_of_chunk(Shared& s, const float* __restrict__ scores, int b, int c,
                                                 float least, uint64_t from, uint64_t last) {
  int before = 0;
  int shift = 64 - 11 - __clzll((long long)(last - from));
  if (shift < 0) shift = 0;
  while (true) {
    for (int i = threadIdx.x; i < BINS; i += THREADS) s.bins[i] = 0;
    __syncthreads();
    each_key(scores, b, c, least, from, kEnd, [&](uint64_t key, bool takes) {
      const uint64_t bin = (key - from) >> shift;
      if (takes && bin < BINS) atomicAdd(&s.bins[bin], 1);
    });
    __syncthreads();
    if (threadIdx.x < 32) {  // the first bin that does not fit, and how many are below it
      constexpr int EACH = BINS / 32;
      int sum = 0;
      for (int i = 0; i < EACH; ++i) sum += s.bins[threadIdx.x * EACH + i];
      int through = sum;
#pragma unroll
      for (int apart = 1; apart < 32; apart *= 2) {
        const int other = __shfl_up_sync(~0u, through, apart);
        if ((int)threadIdx.x >= apart) through += other;
      }
      const uint32_t beyond = __ballot_sync(~0u, before + through > CHUNK);
      if ((int)threadIdx.x == (beyond == 0 ? 31 : __ffs(beyond) - 1)) {
        int below = before + through - sum, bin = threadIdx.x * EACH;
        while (bin < BINS - 1 && below + s.bins[bin] <= CHUNK) below += s.bins[bin++];
        s.bin = bin;
        s.below = below;
      }
    }
    __syncthreads();
    from += (uint64_t)s.bin << shift;
    before = s.below;
    __syncthreads();
    if (before >= CHUNK / 4 || shift == 0) return from;
    shift = shift > 11 ? shift - 11 : 0;
  }
}

__device__ __forceinline__ void sort_keys(Shared& s, int count) {
  int size = 2;
  while (size < count) size *= 2;
  for (int i = count + (int)threadIdx.x; i < size; i += THREADS) s.keys[i] = kEnd;
  __syncthreads();
  for (int run = 2; run <= size; run *= 2) {
    for (int apart = run / 2; apart > 0; apart /= 2) {
      for (int t = threadIdx.x; t < size / 2; t += THREADS) {
        const int i = 2 * t - (t & (apart - 1)), j = i + apart;
        const uint64_t a = s.keys[i], d = s.keys[j];
        if ((a > d) == ((i & run) == 0)) {
          s.keys[i] = d;
          s.keys[j] = a;
        }
      }
      __syncthreads();
    }
  }
}

// Candidates [at, at + count) of the sorted chunk, count <= TILE.
__device__ __forceinline__ void select_of_tile(Shared& s, Box* kept, int* chosen, const float* __restrict__ boxes,
                                               int b, int at, int count, int limit, float overlap) {
  const int t = threadIdx.x;
  if (t < count) s.tile[t] = box_of(boxes, b, (int)(uint32_t)s.keys[at + t]);
  if (t < TILE / 32) s.hidden[t] = 0;
  __syncthreads();
  const int mine = t / PARTS, part = t % PARTS, selected = s.selected;
  uint32_t low = 0, high = 0;  // who of the tile hides `mine`
  if (mine < count) {
    const Box box = s.tile[mine];
    bool hidden = false;
    for (int j = part; j < selected && !hidden; j += PARTS) hidden = overlap_more(box, kept[j], overlap);
    if (hidden) atomicOr(&s.hidden[mine / 32], 1u << mine % 32);
    for (int j = part; j < mine; j += PARTS) {
      if (!overlap_more(box, s.tile[j], overlap)) continue;
      if (j < 32) low |= 1u << j;
      else high |= 1u << (j - 32);
    }
  }
#pragma unroll
  for (int apart = PARTS / 2; apart > 0; apart /= 2) {
    low |= __shfl_xor_sync(~0u, low, apart);
    high |= __shfl_xor_sync(~0u, high, apart);
  }
  if (part == 0) s.hidden_by[mine] = (uint64_t)high << 32 | low;
  __syncthreads();
  if (t < 32) {
    const uint64_t first = s.hidden_by[t], second = s.hidden_by[t + 32];
    uint64_t left = count == TILE ? kEnd : (1ull << count) - 1, stay = 0;
    left &= ~((uint64_t)s.hidden[1] << 32 | s.hidden[0]);
    for (int room = limit - selected; left != 0 && room > 0; --room) {
      const int j = __ffsll((long long)left) - 1;
      const uint32_t a = __ballot_sync(~0u, first >> j & 1), d = __ballot_sync(~0u, second >> j & 1);
      stay |= 1ull << j;
      left &= ~((uint64_t)d << 32 | a | 1ull << j);
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int j = t + half * 32;
      if ((stay >> j & 1) == 0) continue;
      const int slot = selected + __popcll(stay & ((1ull << j) - 1));
      chosen[slot] = (int)(uint32_t)s.keys[at + j];
      kept[slot] = s.tile[j];
    }
    if (t == 0) s.selected = selected + __popcll(stay);
  }
  __syncthreads();
}

extern "C" __global__ void __launch_bounds__(THREADS)
    select_boxes(const float* __restrict__ boxes, const float* __restrict__ scores, const int64_t* __restrict__ most,
                 const float* __restrict__ overlaps, const float* __restrict__ least_scores, int* all_chosen,
                 int* counts, Box* all_kept) {
  __shared__ Shared s;
  const int b = blockIdx.x / CLASSES, c = blockIdx.x % CLASSES;
  int* const chosen = all_chosen + (int64_t)blockIdx.x * SLOTS;
  Box* const kept = kNear ? s.kept : all_kept + (int64_t)blockIdx.x * SLOTS;
  const int64_t wanted = HAS_MOST ? *most : 0;
  const int limit = wanted <= 0 ? 0 : wanted < SLOTS ? (int)wanted : SLOTS;
  const float overlap = HAS_OVERLAP ? *overlaps : 0.f, least = HAS_SCORE ? *least_scores : 0.f;
  if (threadIdx.x == 0) s.selected = 0;
  uint64_t from = 0, last = 0;
  int rest = -1;  // candidates from `from` on; -1: not counted yet
  while (limit > 0) {
    uint64_t to = kEnd;
    if (rest <= CHUNK) collect(s, scores, b, c, least, from, to);
    if (rest < 0) {
      rest = s.found;
      from = s.least;
      last = s.most;
    }
    if (rest == 0) break;
    if (rest > CHUNK) {
      to = end_of_chunk(s, scores, b, c, least, from, last);
      collect(s, scores, b, c, least, from, to);
    }
    const int count = s.found;
    sort_keys(s, count);
    for (int at = 0; at < count && s.selected < limit; at += TILE) {
      select_of_tile(s, kept, chosen, boxes, b, at, count - at < TILE ? count - at : TILE, limit, overlap);
    }
    rest -= count;
    from = to;
    if (rest <= 0 || s.selected >= limit) break;
  }
  __syncthreads();
  if (threadIdx.x == 0) counts[blockIdx.x] = s.selected;
}

extern "C" __global__ void __launch_bounds__(256)
    place_boxes(const int* __restrict__ all_chosen, const int* __restrict__ counts, int64_t* __restrict__ rows,
                int64_t* __restrict__ count) {
  __shared__ int before_me, of_all;
  if (threadIdx.x == 0) before_me = of_all = 0;
  __syncthreads();
  int before = 0, all = 0;
  for (int list = threadIdx.x; list < LISTS; list += 256) {
    const int n = counts[list];
    all += n;
    if (list < (int)blockIdx.x) before += n;
  }
#pragma unroll
  for (int apart = 16; apart > 0; apart /= 2) {
    before += __shfl_xor_sync(~0u, before, apart);
    all += __shfl_xor_sync(~0u, all, apart);
  }
  if (threadIdx.x % 32 == 0) {
    atomicAdd(&before_me, before);
    atomicAdd(&of_all, all);
  }
  __syncthreads();
  const int* const chosen = all_chosen + (int64_t)blockIdx.x * SLOTS;
  for (int i = threadIdx.x; i < counts[blockIdx.x]; i += 256) {
    const int64_t row = before_me + i;
    rows[ROW(row, 0)] = blockIdx.x / CLASSES;
    rows[ROW(row, 1)] = blockIdx.x % CLASSES;
    rows[ROW(row, 2)] = chosen[i];
  }
  for (int64_t row = of_all + (int64_t)blockIdx.x * 256 + threadIdx.x; row < (int64_t)LISTS * SLOTS;
       row += (int64_t)LISTS * 256) {
    rows[ROW(row, 0)] = 0;
    rows[ROW(row, 1)] = 0;
    rows[ROW(row, 2)] = 0;
  }
  if (HAS_COUNT && blockIdx.x == 0 && threadIdx.x == 0) *count = of_all;
}
