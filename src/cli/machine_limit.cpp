#include "cli/machine_limit.h"

#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace bolide::cli {
namespace {

using Clock = std::chrono::steady_clock;

// Twelve independent chains of multiply-adds hide the latency; one function for each width that machines have.
constexpr int kChains = 12;

__attribute__((target("avx512f"))) float multiply_add_512(int rounds) {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1);
  const __m512 a = _mm512_set1_ps(0.9999F);
  for (int i = 0; i < rounds; ++i) {
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, a, a);
  }
  float total = 0;
  for (const __m512& sum : sums) total += sum[0];
  return total;
}

__attribute__((target("avx2,fma"))) float multiply_add_256(int rounds) {
  __m256 sums[kChains];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1);
  const __m256 a = _mm256_set1_ps(0.9999F);
  for (int i = 0; i < rounds; ++i) {
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, a, a);
  }
  float total = 0;
  for (const __m256& sum : sums) total += sum[0];
  return total;
}

float multiply_add_128(int rounds) {
  __m128 sums[kChains];
  for (__m128& sum : sums) sum = _mm_set1_ps(1);
  const __m128 a = _mm_set1_ps(0.9999F);
  for (int i = 0; i < rounds; ++i) {
    for (__m128& sum : sums) sum = _mm_add_ps(_mm_mul_ps(sum, a), a);
  }
  float total = 0;
  for (const __m128& sum : sums) total += sum[0];
  return total;
}

struct Width {
  int lanes;
  float (*multiply_add)(int rounds);
};

Width widest() {
  if (__builtin_cpu_supports("avx512f")) return {16, multiply_add_512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {8, multiply_add_256};
  return {4, multiply_add_128};
}

template <class Work>
double on_all_threads(int threads, const Work& work) {
  const auto start = Clock::now();
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&, i] { work(i); });
  work(0);
  for (std::thread& other : others) other.join();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

double MachineLimit::share(double operations, std::int64_t bytes, double microseconds) const {
  if (gflop_per_s <= 0 || gbyte_per_s <= 0 || microseconds <= 0) return 0;
  const double least_us = std::max(operations / (gflop_per_s * 1e3), static_cast<double>(bytes) / (gbyte_per_s * 1e3));
  return least_us / microseconds;
}

MachineLimit measure_machine_limit(int threads) {
  MachineLimit limit;
  constexpr int kRounds = 1 << 20;
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  const Width width = widest();
  volatile float sink = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const double seconds = on_all_threads(threads, [&](int) { sink = width.multiply_add(kRounds); });
    limit.gflop_per_s = std::max(limit.gflop_per_s, 2.0 * threads * kChains * width.lanes * kRounds / seconds / 1e9);
  }
  std::vector<std::vector<std::uint64_t>> memory(static_cast<std::size_t>(threads),
                                                 std::vector<std::uint64_t>(kBytes / 8, 1));
  for (int attempt = 0; attempt < 4; ++attempt) {
    const double seconds = on_all_threads(threads, [&](int thread) {
      std::uint64_t sum = 0;
      for (const std::uint64_t value : memory[static_cast<std::size_t>(thread)]) sum += value;
      sink = static_cast<float>(sum);
    });
    limit.gbyte_per_s = std::max(limit.gbyte_per_s, threads * static_cast<double>(kBytes) / seconds / 1e9);
  }
  return limit;
}

}  // namespace bolide::cli
