/// Where temporary buffers lie in one arena, planned ahead from their lifetimes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace bolide {

/// Live from the step that first writes it to the step that last reads it, both inclusive.
struct Lifetime {
  std::int64_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<std::int64_t> offsets;  ///< by buffer, multiples of 64
  std::int64_t arena_bytes = 0;
  std::int64_t lower_bound = 0;  ///< largest sum of live bytes at any step; no plan can be smaller
};

/// Greedy by size, largest first, each at the lowest offset where it fits (best fit among the gaps); then repeated with
/// the buffers at the peak moved to the front while that helps. Buffers that overlap in time never overlap in memory.
MemoryPlan plan_memory(std::span<const Lifetime> lifetimes);

/// The same where more than the lifetimes decides which two buffers must not share memory: `apart` says it of two
/// numbers, and says it at least of those that overlap in time.
MemoryPlan plan_memory(std::span<const Lifetime> lifetimes, const std::function<bool(std::size_t, std::size_t)>& apart);

}  // namespace bolide
