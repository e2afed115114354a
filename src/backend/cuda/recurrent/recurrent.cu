// RNN, GRU and LSTM in f32: the product of the whole sequence with w at once, then steps in which a warp computes a unit
// for kRows rows of the batch. After common.cu.
//
// Defines   KIND 0: RNN, 1: GRU, 2: LSTM;  SEQ BATCH INPUT HIDDEN DIRS;  REVERSE: direction 0 runs from the end
//           LINEAR: of GRU, linear_before_reset;  FORGET: of LSTM, input_forget;  CLIP: a bound, or 0.f for none
//           HAS_BIAS HAS_LENGTHS HAS_H HAS_C HAS_PEEPHOLES HAS_Y HAS_LAST_H HAS_LAST_C
//           X_STEP X_BATCH X_INPUT, Y_STEP Y_DIR Y_BATCH Y_UNIT, and for S in H C LAST_H LAST_C: S_DIR S_BATCH S_UNIT
struct Recurrent {
  const float* x;
  const float* w;
  const float* r;
  const float* bias;
  const int* lengths;
  const float* h;
  const float* c;
  const float* peepholes;
  float* y;
  float* last_h;
  float* last_c;
  float* from_x;     // [DIRS, SEQ, BATCH, kWidth]
  float* states[2];  // [DIRS, BATCH, HIDDEN]: h before and after a step
  float* cells;      // likewise: c of LSTM, z of GRU
  float* kept;       // likewise: r * h of GRU
  Fault* fault;
};
constexpr int kGates = KIND == 0 ? 1 : KIND == 1 ? 3 : 4;
constexpr int kWidth = kGates * HIDDEN;
constexpr int kRows = 4;
constexpr int kStateCount = DIRS * BATCH * HIDDEN;

__device__ __forceinline__ float clipped(float x) { return CLIP > 0.f ? fminf(fmaxf(x, -(CLIP)), CLIP) : x; }
__device__ __forceinline__ float sigmoid(float x) { return __fdividef(1.f, 1.f + expf(-clipped(x))); }
__device__ __forceinline__ float tangent(float x) { return tanhf(clipped(x)); }

// from_x = x w^T + the biases that do not wait for the reset gate.
extern "C" __global__ void BLOCK_OF(256) recurrent_input(const __grid_constant__ Recurrent p) {
  constexpr int kM = SEQ * BATCH, kDepth = 16;
  __shared__ float tile_a[kDepth][68], tile_b[kDepth][68];
  const int tid = threadIdx.x, tx = tid & 15, ty = tid >> 4, d = blockIdx.z;
  const int n0 = blockIdx.x * 64, m0 = blockIdx.y * 64;
  const float* const w = p.w + (int64_t)d * kWidth * INPUT;
  float acc[4][4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) acc[i][j] = 0.f;
  for (int k0 = 0; k0 < INPUT; k0 += kDepth) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int q = tid + i * 256, k = q & 15, row = q >> 4, m = m0 + row, n = n0 + row;
      const bool inside = k0 + k < INPUT;
      tile_a[k][row] = inside && m < kM ? p.x[m / BATCH * X_STEP + m % BATCH * X_BATCH + (k0 + k) * X_INPUT] : 0.f;
      tile_b[k][row] = inside && n < kWidth ? w[(int64_t)n * INPUT + k0 + k] : 0.f;
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < kDepth; ++k)
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) acc[i][j] = fmaf(tile_a[k][ty * 4 + i], tile_b[k][tx * 4 + j], acc[i][j]);
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int m = m0 + ty * 4 + i, n = n0 + tx * 4 + j;
      if (m >= kM || n >= kWidth) continue;
      float sum = acc[i][j];
      if (HAS_BIAS) {
        const float* const bias = p.bias + d * 2 * kWidth;
        sum += bias[n] + (KIND == 1 && LINEAR && n >= 2 * HIDDEN ? 0.f : bias[kWidth + n]);
      }
      p.from_x[((int64_t)d * kM + m) * kWidth + n] = sum;
    }
}

extern "C" __global__ void BLOCK_OF(256) recurrent_begin(const __grid_constant__ Recurrent p) {
  const int at = blockIdx.x * 256 + threadIdx.x;
  if (at >= kStateCount) return;
  const int unit = at % HIDDEN, row = at / HIDDEN % BATCH, d = at / HIDDEN / BATCH;
  if (HAS_LENGTHS && unit == 0 && (p.lengths[row] < 0 || p.lengths[row] > SEQ))
    report(p.fault, kLengthFault, p.lengths[row], SEQ);
  p.states[0][at] = HAS_H ? p.h[d * H_DIR + row * H_BATCH + unit * H_UNIT] : 0.f;
  if (KIND == 2) p.cells[at] = HAS_C ? p.c[d * C_DIR + row * C_BATCH + unit * C_UNIT] : 0.f;
}

// The products of gates FIRST to END - 1 of `unit` with the states of kRows rows; every lane has all of them.
template <int FIRST, int END>
__device__ __forceinline__ void products(float (&out)[END - FIRST][kRows], const float* r, const float* state, int unit,
                                         int rows) {
  const int lane = threadIdx.x & 31;
#pragma unroll
  for (int g = 0; g < END - FIRST; ++g)
#pragma unroll
    for (int b = 0; b < kRows; ++b) out[g][b] = 0.f;
  for (int k = lane; k < HIDDEN; k += 32) {
    float h[kRows];
#pragma unroll
    for (int b = 0; b < kRows; ++b) h[b] = b < rows ? state[b * HIDDEN + k] : 0.f;
#pragma unroll
    for (int g = 0; g < END - FIRST; ++g) {
      const float weight = r[((FIRST + g) * HIDDEN + unit) * HIDDEN + k];
#pragma unroll
      for (int b = 0; b < kRows; ++b) out[g][b] = fmaf(weight, h[b], out[g][b]);
    }
  }
#pragma unroll
  for (int g = 0; g < END - FIRST; ++g)
#pragma unroll
    for (int b = 0; b < kRows; ++b)
#pragma unroll
      for (int mask = 16; mask > 0; mask >>= 1) out[g][b] += __shfl_xor_sync(0xffffffffu, out[g][b], mask);
}
// The row that belongs to this lane.
template <int N>
__device__ __forceinline__ float mine(const float (&of)[N][kRows], int gate) {
  const int lane = threadIdx.x & 31;
  float out = 0.f;
#pragma unroll
  for (int b = 0; b < kRows; ++b)
    if (lane == b) out = of[gate][b];
  return out;
}

// One unit of rows first_row, ... of direction d at a step; PHASE 1 is the candidate of a GRU that waits for all resets.
template <int PHASE>
__device__ __forceinline__ void unit_step(const Recurrent& p, int d, int first_row, int unit, int step) {
  constexpr bool kTwo = KIND == 1 && !LINEAR;
  constexpr int kFirst = PHASE == 1 ? 2 : 0, kEnd = PHASE == 0 && kTwo ? 2 : kGates;
  const int lane = threadIdx.x & 31, rows = BATCH - first_row < kRows ? BATCH - first_row : kRows;
  const int64_t base = ((int64_t)d * BATCH + first_row) * HIDDEN;
  const float* const before = p.states[step & 1] + base;
  float product[kEnd - kFirst][kRows];
  products<kFirst, kEnd>(product, p.r + (int64_t)d * kWidth * HIDDEN, PHASE == 1 ? p.kept + base : before, unit, rows);
  float dots[kEnd - kFirst];
#pragma unroll
  for (int g = 0; g < kEnd - kFirst; ++g) dots[g] = mine(product, g);
  if (lane >= rows) return;
  const int row = first_row + lane, at = lane * HIDDEN + unit;
  int length = HAS_LENGTHS ? p.lengths[row] : SEQ;
  length = length < 0 ? 0 : length > SEQ ? SEQ : length;
  const bool runs = step < length, reverse = REVERSE || d == 1;
  const int time = runs && reverse ? length - 1 - step : step;
  const float* const x = p.from_x + (((int64_t)d * SEQ + time) * BATCH + row) * kWidth + unit;
  const float old = before[at];
  float next = old;
  if (PHASE == 0 && kTwo) {
    p.cells[base + at] = sigmoid(x[0] + dots[0]);
    p.kept[base + at] = sigmoid(x[HIDDEN] + dots[kEnd - kFirst > 1 ? 1 : 0]) * old;
    return;
  }
  float cell = KIND == 2 ? p.cells[base + at] : 0.f;
  if (runs) {
    if (KIND == 0) {
      next = tangent(x[0] + dots[0]);
    } else if (KIND == 1) {
      float z, candidate;
      if (PHASE == 1) {
        z = p.cells[base + at];
        candidate = tangent(x[2 * HIDDEN] + dots[0]);
      } else {
        z = sigmoid(x[0] + dots[0]);
        const float reset = sigmoid(x[HIDDEN] + dots[kEnd - kFirst > 1 ? 1 : 0]);
        const float bias = HAS_BIAS ? p.bias[d * 2 * kWidth + kWidth + 2 * HIDDEN + unit] : 0.f;
        candidate = tangent(x[2 * HIDDEN] + reset * (dots[kEnd - kFirst > 2 ? 2 : 0] + bias));
      }
      next = (1.f - z) * candidate + z * old;
    } else {
      const float* const peep = p.peepholes + d * 3 * HIDDEN + unit;
      const float in = sigmoid(x[0] + dots[0] + (HAS_PEEPHOLES ? peep[0] * cell : 0.f));
      const float forget = FORGET ? 1.f - in
                                  : sigmoid(x[2 * HIDDEN] + dots[kEnd - kFirst > 2 ? 2 : 0] +
                                            (HAS_PEEPHOLES ? peep[2 * HIDDEN] * cell : 0.f));
      cell = forget * cell + in * tangent(x[3 * HIDDEN] + dots[kEnd - kFirst > 3 ? 3 : 0]);
      const float out = sigmoid(x[HIDDEN] + dots[kEnd - kFirst > 1 ? 1 : 0] + (HAS_PEEPHOLES ? peep[HIDDEN] * cell : 0.f));
      next = out * tanhf(cell);
      p.cells[base + at] = cell;
    }
  }
  p.states[(step + 1) & 1][base + at] = next;
  if (HAS_Y) p.y[time * Y_STEP + d * Y_DIR + row * Y_BATCH + unit * Y_UNIT] = runs ? next : 0.f;
  if (step == SEQ - 1) {
    if (HAS_LAST_H) p.last_h[d * LAST_H_DIR + row * LAST_H_BATCH + unit * LAST_H_UNIT] = next;
    if (HAS_LAST_C) p.last_c[d * LAST_C_DIR + row * LAST_C_BATCH + unit * LAST_C_UNIT] = cell;
  }
}

// One step of everything: a warp a unit.
extern "C" __global__ void BLOCK_OF(256) recurrent_step(const __grid_constant__ Recurrent p, int step) {
  const int unit = blockIdx.x * 8 + (threadIdx.x >> 5);
  if (unit < HIDDEN) unit_step<0>(p, blockIdx.z, blockIdx.y * kRows, unit, step);
}
#if KIND == 1 && !LINEAR
extern "C" __global__ void BLOCK_OF(256) recurrent_candidate(const __grid_constant__ Recurrent p, int step) {
  const int unit = blockIdx.x * 8 + (threadIdx.x >> 5);
  if (unit < HIDDEN) unit_step<1>(p, blockIdx.z, blockIdx.y * kRows, unit, step);
}
#endif
// All steps of kRows rows in one block.
extern "C" __global__ void __launch_bounds__(512, 1) recurrent_sequence(const __grid_constant__ Recurrent p) {
  for (int step = 0; step < SEQ; ++step) {
    for (int unit = threadIdx.x >> 5; unit < HIDDEN; unit += 16) unit_step<0>(p, blockIdx.z, blockIdx.y * kRows, unit, step);
    __syncthreads();
#if KIND == 1 && !LINEAR
      for (int unit = threadIdx.x >> 5; unit < HIDDEN; unit += 16)
        unit_step<1>(p, blockIdx.z, blockIdx.y * kRows, unit, step);
      __syncthreads();
#endif
  }
}
