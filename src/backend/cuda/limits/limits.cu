// What a device can do at most: sums of products in registers or from shared memory, and reading memory.
//
// Defines   KIND   0: f32 multiply-adds, 1: mma.sync, 2: wgmma (sm_90a), 3: reading
//           ELEM   of 1 and 2: 0 f16, 1 bf16, 2 tf32
// and, of KIND 2, before this text `multiply_tile(float (&)[128], u64 a, u64 b, int add)`.
#if KIND == 0
extern "C" __global__ void __launch_bounds__(256) measure(float* out, int rounds) {
  constexpr int kChains = 8;
  float sums[kChains];
#pragma unroll
  for (int i = 0; i < kChains; ++i) sums[i] = (float)(threadIdx.x + i) * 1e-3f;
  const float a = 0.999f + 1e-6f * (float)threadIdx.x, b = 1e-3f;
  for (int r = 0; r < rounds; ++r) {
#pragma unroll
    for (int u = 0; u < 16; ++u)
#pragma unroll
      for (int i = 0; i < kChains; ++i) sums[i] = fmaf(sums[i], a, b);
  }
  float total = 0;
#pragma unroll
  for (int i = 0; i < kChains; ++i) total += sums[i];
  if (total == 12345.f) out[threadIdx.x] = total;
}
#endif

#if KIND == 1
extern "C" __global__ void __launch_bounds__(256) measure(float* out, int rounds) {
  constexpr int kChains = 8;
  float sums[kChains][4] = {};
  u32 a[4], b[2];
  // Ordinary numbers: what multiplies them draws the power of real work.
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float x = (float)((threadIdx.x * 37 + i * 11) % 64) / 64.f - 0.5f;
    a[i] = ELEM == 2 ? __float_as_uint(x) & 0xffffe000u : pack2<ELEM>(x, -0.3f * x);
    if (i < 2) b[i] = ELEM == 2 ? __float_as_uint(-x) & 0xffffe000u : pack2<ELEM>(0.7f * x, x);
  }
  for (int r = 0; r < rounds; ++r) {
#pragma unroll
    for (int i = 0; i < kChains; ++i) {
      float(&d)[4] = sums[i];
#if __CUDA_ARCH__ >= 800
#if ELEM == 0
#define PRODUCT "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"
#elif ELEM == 1
#define PRODUCT "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
#else
#define PRODUCT "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"
#endif
      asm volatile(PRODUCT " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                   : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
      asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                   : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                   : "r"(a[0]), "r"(a[1]), "r"(b[0]));
#endif
    }
  }
  float total = 0;
#pragma unroll
  for (int i = 0; i < kChains; ++i) total += sums[i][0] + sums[i][1] + sums[i][2] + sums[i][3];
  if (total == 12345.f) out[threadIdx.x] = total;
}
#endif

#if KIND == 2
// Two groups of four warps; each multiplies 64 rows of its own by the same 256 columns, four products a round.
extern "C" __global__ void __launch_bounds__(256, 1) measure(float* out, int rounds) {
  extern __shared__ __align__(1024) char memory[];
  char* const base = (char*)(((u64)memory + 1023) & ~(u64)1023);
  constexpr int kWords = (2 * 64 + 256) * 32;  // rows of 128 bytes
  for (int i = threadIdx.x; i < kWords; i += 256) {
    const float x = (float)((i * 37 + 11) % 64) / 64.f - 0.5f;
    ((u32*)base)[i] = ELEM == 2 ? __float_as_uint(x) : pack2<ELEM>(x, -0.3f * x);
  }
  asm volatile("fence.proxy.async;" ::: "memory");
  __syncthreads();
  const auto descriptor = [](const char* p) {
    return (u64)(((u32)__cvta_generic_to_shared(p) & 0x3ffff) >> 4) | (1ull << 16) | (64ull << 32) | (1ull << 62);
  };
  const u64 a = descriptor(base + (threadIdx.x >> 7) * 64 * 128), b = descriptor(base + 2 * 64 * 128);
  float sums[128];
#pragma unroll
  for (int i = 0; i < 128; ++i) sums[i] = 0.f;
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  for (int r = 0; r < rounds; ++r) {
#pragma unroll
    for (int k = 0; k < 4; ++k) multiply_tile(sums, a + k * 2, b + k * 2, 1);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
  }
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  float total = 0;
#pragma unroll
  for (int i = 0; i < 128; ++i) total += sums[i];
  if (total == 12345.f) out[threadIdx.x] = total;
}
#endif

#if KIND == 3
extern "C" __global__ void __launch_bounds__(512) measure(float* out, const uint4* from, i64 count) {
  u32 all = 0;
  const i64 step = (i64)gridDim.x * 512;
  i64 i = (i64)blockIdx.x * 512 + threadIdx.x;
  for (; i + 7 * step < count; i += 8 * step) {
    uint4 v[8];
#pragma unroll
    for (int u = 0; u < 8; ++u) v[u] = from[i + u * step];
#pragma unroll
    for (int u = 0; u < 8; ++u) all ^= v[u].x ^ v[u].y ^ v[u].z ^ v[u].w;
  }
  for (; i < count; i += step) all ^= from[i].x;
  if (all == 0x12345678u) out[threadIdx.x] = 1.f;
}
#endif
