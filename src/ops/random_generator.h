/// The numbers of the random operators; random.h says which they are.
#pragma once

#include "ops/mersenne_twister.h"

#include <cmath>
#include <optional>
#include <utility>

namespace bolide {

class RandomGenerator {
 public:
  explicit RandomGenerator(std::int64_t seed) : bits_(static_cast<std::uint32_t>(seed)) {}

  double uniform() {
    const auto high = static_cast<double>(bits_() >> 5);
    const auto low = static_cast<double>(bits_() >> 6);
    return (high * 0x1p26 + low) * 0x1p-53;
  }
  double normal() {
    if (kept_) return *std::exchange(kept_, std::nullopt);
    double a = 0;
    double b = 0;
    double square = 0;
    do {
      a = 2 * uniform() - 1;
      b = 2 * uniform() - 1;
      square = a * a + b * b;
    } while (square >= 1 || square == 0);
    const double factor = std::sqrt(-2 * std::log(square) / square);
    kept_ = factor * a;
    return factor * b;
  }

 private:
  MersenneTwister bits_;
  std::optional<double> kept_;
};

}  // namespace bolide
