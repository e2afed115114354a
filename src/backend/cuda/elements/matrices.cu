// Determinants and inverses: a block a matrix, elimination with row exchange in double, in the reference's order.
// After common.cu.
//
// Defines   N: rows;  AT: where matrix m begins in x, from `m`;  ROW, COLUMN: strides of x;  T: dtype;  NEAR: in
//           shared memory, else in the workspace;  INVERSE: y [N, N] by YAT, YROW, YCOLUMN; else y[YAT]
constexpr int THREADS = 128, WIDTH = INVERSE ? 2 * N : N;

extern "C" __global__ void __launch_bounds__(THREADS)
    eliminate(const T* __restrict__ x, T* __restrict__ y, double* __restrict__ workspace) {
  __shared__ double near_rows[NEAR ? N * WIDTH : 1];
  __shared__ int best;
  const int64_t m = blockIdx.x;
  double* const rows = NEAR ? near_rows : workspace + m * (N * WIDTH);
  for (int i = threadIdx.x; i < N * WIDTH; i += THREADS) {
    const int row = i / WIDTH, column = i % WIDTH;
    rows[i] = column < N ? Load<double>::from(x[AT + (int64_t)row * ROW + (int64_t)column * COLUMN])
                         : column - N == row ? 1. : 0.;
  }
  double product = 1.;
  for (int k = 0; k < N; ++k) {
    __syncthreads();
    if (threadIdx.x == 0) {
      int found = k;
      for (int i = k + 1; i < N; ++i) {
        if (fabs(rows[i * WIDTH + k]) > fabs(rows[found * WIDTH + k])) found = i;
      }
      best = found;
    }
    __syncthreads();
    const int from = best;
    const double pivot = rows[from * WIDTH + k];
    if (!INVERSE && pivot == 0.) {
      product = 0.;
      break;
    }
    __syncthreads();
    for (int j = k + threadIdx.x; j < WIDTH; j += THREADS) {
      const double upper = rows[from * WIDTH + j];
      if (from != k) rows[from * WIDTH + j] = rows[k * WIDTH + j];
      rows[k * WIDTH + j] = INVERSE && j > k ? upper / pivot : upper;
    }
    if (from != k) product = -product;
    product *= pivot;
    __syncthreads();
    const int wide = WIDTH - k - 1, high = INVERSE ? N : N - k - 1;
    for (int i = threadIdx.x; i < high * wide; i += THREADS) {
      const int row = INVERSE ? i / wide : k + 1 + i / wide, column = k + 1 + i % wide;
      if (row == k) continue;
      const double factor = INVERSE ? rows[row * WIDTH + k] : rows[row * WIDTH + k] / pivot;
      if (INVERSE && factor == 0.) continue;
      rows[row * WIDTH + column] -= factor * rows[k * WIDTH + column];
    }
  }
  __syncthreads();
  if (INVERSE) {
    for (int i = threadIdx.x; i < N * N; i += THREADS) {
      y[YAT + (int64_t)(i / N) * YROW + (int64_t)(i % N) * YCOLUMN] = Store<T>::from(rows[i / N * WIDTH + N + i % N]);
    }
  } else if (threadIdx.x == 0) {
    y[YAT] = Store<T>::from(product);
  }
}
