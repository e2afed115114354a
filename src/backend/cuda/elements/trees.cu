// Votes of trees. leaves_of: a thread a row and tree, from the root to a leaf. votes_of: a warp a row and target, lanes go
// through the trees. After common.cu.
//
// Defines   ROWS, TREES, TARGETS;  X(row, feature): element offset;  T, THRESHOLD, WEIGHT, BASE, MEMBER, RESULT: types;
//           HAS_BASE, HAS_SETS;  AGGREGATE 0: sum, 1: average, 2: least, 3: largest;  Y(row, target)
__device__ __forceinline__ bool holds(double x, int64_t mode, double threshold) {
  return mode == 0 ? x <= threshold : mode == 1 ? x < threshold : mode == 2 ? x >= threshold : mode == 3 ? x > threshold : mode == 4 ? x == threshold : x != threshold;
}

extern "C" __global__ void __launch_bounds__(256)
    leaves_of(const T* __restrict__ x, const int64_t* __restrict__ nodes, const THRESHOLD* __restrict__ thresholds,
              const int64_t* __restrict__ roots, const int64_t* __restrict__ sets, const MEMBER* __restrict__ members,
              int* __restrict__ leaves) {
  const int64_t thread = (int64_t)blockIdx.x * 256 + threadIdx.x;
  if (thread >= (int64_t)ROWS * TREES) return;
  const int64_t row = thread % ROWS;
  int64_t at = roots[thread / ROWS];
  while (at >= 0) {
    const int64_t* const node = nodes + at * 5;
    const double value = Load<double>::from(x[X(row, node[0])]);
    const int64_t mode = node[1];
    bool yes = value != value && node[2] != 0;
    if (!yes && HAS_SETS && mode == 6) {
      for (int64_t i = sets[at]; i < sets[at + 1] && !yes; ++i) yes = Load<double>::from(members[i]) == value;
    } else if (!yes) {
      yes = holds(value, mode, Load<double>::from(thresholds[at]));
    }
    at = node[yes ? 3 : 4];
  }
  leaves[thread] = (int)(-1 - at);
}

__device__ __forceinline__ double joined(double a, double b) {
  return AGGREGATE == 2 ? (b < a ? b : a) : AGGREGATE == 3 ? (b > a ? b : a) : a + b;
}

extern "C" __global__ void __launch_bounds__(256)
    votes_of(const int* __restrict__ reached, const int64_t* __restrict__ leaves, const int64_t* __restrict__ targets,
             const WEIGHT* __restrict__ weights, const BASE* __restrict__ base, RESULT* __restrict__ y) {
  const int64_t warp = ((int64_t)blockIdx.x * 256 + threadIdx.x) / 32;
  if (warp >= (int64_t)ROWS * TARGETS) return;
  const int64_t row = warp / TARGETS, target = warp % TARGETS;
  double sum = 0.;
  bool seen = false;
  for (int tree = threadIdx.x % 32; tree < TREES; tree += 32) {
    const int leaf = reached[(int64_t)tree * ROWS + row];
    for (int64_t vote = leaves[leaf]; vote < leaves[leaf + 1]; ++vote) {
      if (targets[vote] != target) continue;
      const double weight = Load<double>::from(weights[vote]);
      sum = seen ? joined(sum, weight) : weight;
      seen = true;
    }
  }
#pragma unroll
  for (int apart = 16; apart > 0; apart /= 2) {
    const double other = __shfl_down_sync(~0u, sum, apart);
    const int there = __shfl_down_sync(~0u, (int)seen, apart);
    if (there != 0) sum = seen ? joined(sum, other) : other;
    seen = seen || there != 0;
  }
  if (threadIdx.x % 32 != 0) return;
  if (AGGREGATE == 1 && TREES > 0) sum /= (double)TREES;
  if (HAS_BASE) sum += Load<double>::from(base[target]);
  y[Y(row, target)] = Store<RESULT>::from(sum);
}
