// THREADS in a block of a row kernel. From compute capability 10.0 on the compiler would spill registers for the sake of a
// fifth block of 256 threads, so it is told how many blocks do.
#if __CUDA_ARCH__ >= 1000
#define ROW_BOUNDS(THREADS) __launch_bounds__(THREADS, 1024 / (THREADS))
#else
#define ROW_BOUNDS(THREADS) BLOCK_OF(THREADS)
#endif

// Reductions over the threads that share one row. Either `LANES` neighbouring threads share a row, or (BY_COLUMNS) the
// threads of one place in all `LANES` warps do. Every thread gets the result; the order of operations is fixed.
struct Sum { template <class T> __device__ __forceinline__ static T of(T a, T b) { return a + b; } };
struct Product { template <class T> __device__ __forceinline__ static T of(T a, T b) { return a * b; } };
struct Least { template <class T> __device__ __forceinline__ static T of(T a, T b) { return fn_min(a, b); } };
struct Most { template <class T> __device__ __forceinline__ static T of(T a, T b) { return fn_max(a, b); } };

template <class O, int LANES, bool BY_COLUMNS, class T> __device__ __forceinline__ T all_lanes(T value) {
  if (LANES == 1) return value;
  if (!BY_COLUMNS && LANES <= 32) {
#pragma unroll
    for (int mask = LANES / 2; mask > 0; mask >>= 1) value = O::of(value, __shfl_xor_sync(0xffffffffu, value, mask));
    return value;
  }
  if (!BY_COLUMNS) {
    __shared__ T parts[LANES / 32 > 0 ? LANES / 32 : 1];
#pragma unroll
    for (int mask = 16; mask > 0; mask >>= 1) value = O::of(value, __shfl_xor_sync(0xffffffffu, value, mask));
    __syncthreads();
    if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = value;
    __syncthreads();
    value = parts[0];
#pragma unroll
    for (int i = 1; i < LANES / 32; ++i) value = O::of(value, parts[i]);
    return value;
  }
  __shared__ T lanes[BY_COLUMNS ? LANES : 1][32];
  __syncthreads();
  lanes[threadIdx.x >> 5][threadIdx.x & 31] = value;
  __syncthreads();
  value = lanes[0][threadIdx.x & 31];
#pragma unroll
  for (int i = 1; i < LANES; ++i) value = O::of(value, lanes[i][threadIdx.x & 31]);
  return value;
}
