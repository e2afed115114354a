#include "cli/machine_limit.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace bolide::cli {
namespace {

using Clock = std::chrono::steady_clock;

using Lanes = float __attribute__((vector_size(64)));

/// Twelve independent chains of multiply-adds, so that latency is hidden; compiled for each vector width, the widest
/// that the machine has is taken when the program starts.
__attribute__((target_clones("default", "arch=haswell", "arch=skylake-avx512"), optimize("fp-contract=fast"))) float
multiply_add(int rounds) {
  Lanes sums[12] = {};
  const Lanes a = Lanes{} + 1.0000001F;
  const Lanes b = Lanes{} + 0.9999F;
  for (int i = 0; i < rounds; ++i) {
    for (Lanes& sum : sums) sum = sum * a + b;
  }
  float total = 0;
  for (const Lanes& sum : sums) total += sum[0];
  return total;
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
  volatile float sink = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const double seconds = on_all_threads(threads, [&](int) { sink = multiply_add(kRounds); });
    limit.gflop_per_s = std::max(limit.gflop_per_s, threads * 12.0 * 16 * 2 * kRounds / seconds / 1e9);
  }
  std::vector<std::vector<std::uint64_t>> memory(static_cast<std::size_t>(threads), std::vector<std::uint64_t>(kBytes / 8, 1));
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
