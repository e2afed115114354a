#include "plan/memory.h"

#include <algorithm>
#include <numeric>

namespace bolide {
namespace {

constexpr std::int64_t kAlignment = 64;

std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool overlap(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

/// Places the buffers in the given order, each in the smallest gap it fits.
template <class Apart>
MemoryPlan place(std::span<const Lifetime> lifetimes, const std::vector<int>& order, const Apart& apart) {
  MemoryPlan plan;
  plan.offsets.assign(lifetimes.size(), 0);
  std::vector<int> placed;  // by offset
  for (const int index : order) {
    const Lifetime& buffer = lifetimes[static_cast<std::size_t>(index)];
    const std::int64_t bytes = aligned(buffer.bytes);
    std::int64_t end = 0;
    std::int64_t best = -1;
    std::int64_t best_gap = 0;
    for (const int other : placed) {
      const auto o = static_cast<std::size_t>(other);
      if (!apart(static_cast<std::size_t>(index), o)) continue;
      const std::int64_t gap = plan.offsets[o] - end;
      if (gap >= bytes && (best < 0 || gap < best_gap)) {
        best = end;
        best_gap = gap;
      }
      end = std::max(end, plan.offsets[o] + aligned(lifetimes[o].bytes));
    }
    const std::int64_t offset = best >= 0 ? best : end;
    plan.offsets[static_cast<std::size_t>(index)] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + bytes);
    const auto at = std::upper_bound(placed.begin(), placed.end(), offset, [&](std::int64_t value, int other) {
      return value < plan.offsets[static_cast<std::size_t>(other)];
    });
    placed.insert(at, index);
  }
  return plan;
}

std::int64_t lower_bound_of(std::span<const Lifetime> lifetimes) {
  int steps = 0;
  for (const Lifetime& buffer : lifetimes) steps = std::max(steps, buffer.last + 1);
  std::vector<std::int64_t> change(static_cast<std::size_t>(steps) + 1, 0);
  for (const Lifetime& buffer : lifetimes) {
    change[static_cast<std::size_t>(buffer.first)] += aligned(buffer.bytes);
    change[static_cast<std::size_t>(buffer.last) + 1] -= aligned(buffer.bytes);
  }
  std::int64_t live = 0;
  std::int64_t most = 0;
  for (const std::int64_t delta : change) most = std::max(most, live += delta);
  return most;
}

template <class Apart>
MemoryPlan plan(std::span<const Lifetime> lifetimes, const Apart& apart) {
  std::vector<int> order(lifetimes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return lifetimes[static_cast<std::size_t>(a)].bytes > lifetimes[static_cast<std::size_t>(b)].bytes;
  });
  MemoryPlan best = place(lifetimes, order, apart);
  best.lower_bound = lower_bound_of(lifetimes);
  for (int round = 0; round < 16 && best.arena_bytes > best.lower_bound; ++round) {
    // The buffer that ends highest is what makes the arena large: give it the first pick.
    std::size_t top = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto index = static_cast<std::size_t>(order[i]);
      if (best.offsets[index] + aligned(lifetimes[index].bytes) == best.arena_bytes) top = i;
    }
    if (top == 0) break;
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top),
                order.begin() + static_cast<std::ptrdiff_t>(top) + 1);
    MemoryPlan other = place(lifetimes, order, apart);
    if (other.arena_bytes >= best.arena_bytes) continue;
    other.lower_bound = best.lower_bound;
    best = std::move(other);
  }
  return best;
}

}  // namespace

MemoryPlan plan_memory(std::span<const Lifetime> lifetimes) {
  return plan(lifetimes, [&](std::size_t a, std::size_t b) { return overlap(lifetimes[a], lifetimes[b]); });
}

MemoryPlan plan_memory(std::span<const Lifetime> lifetimes,
                       const std::function<bool(std::size_t, std::size_t)>& apart) {
  return plan(lifetimes, apart);
}

}  // namespace bolide
