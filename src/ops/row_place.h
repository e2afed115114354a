/// Places of extremes in rows of floats, many numbers at once.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace bolide {

/// The place of the largest or smallest of a row, the first or last of equal ones; nothing where there is a NaN.
template <bool kLargest>
std::optional<std::int64_t> place_of_float(const float* row, std::int64_t size, bool last) {
  constexpr std::int64_t kLanes = 16;
  const auto better = [](float a, float b) { return kLargest ? a < b : b < a; };
  std::array<float, kLanes> best;
  std::array<std::int32_t, kLanes> strange{};
  best.fill(row[0]);
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float value = row[i + static_cast<std::int64_t>(lane)];
      best[lane] = better(best[lane], value) ? value : best[lane];
      strange[lane] |= static_cast<std::int32_t>(value != value);
    }
  }
  bool found = std::ranges::any_of(strange, [](std::int32_t one) { return one != 0; });
  for (; i < size; ++i) {
    best[0] = better(best[0], row[i]) ? row[i] : best[0];
    found = found || row[i] != row[i];
  }
  if (found) return std::nullopt;
  float top = best[0];
  for (const float one : best) top = better(top, one) ? one : top;
  std::int64_t place = last ? size - 1 : 0;
  while (row[place] != top) place += last ? -1 : 1;
  return place;
}

}  // namespace bolide
