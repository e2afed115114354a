/// Monotonic time for deadlines and measurements; not the time of day.
#pragma once

#include <chrono>
#include <cstdint>

namespace bolide {

/// Nanoseconds since some fixed moment of this boot.
inline std::int64_t monotonic_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
/// The same in microseconds, with fractions.
inline double monotonic_microseconds() { return static_cast<double>(monotonic_nanoseconds()) / 1000.0; }

}  // namespace bolide
