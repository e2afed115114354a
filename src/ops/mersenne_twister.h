/// mt19937 of the C++ standard ([rand.predef]), made by blocks that compilers turn into vectors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bolide {

class MersenneTwister {
 public:
  static constexpr std::size_t kSize = 624;

  explicit MersenneTwister(std::uint32_t seed) {
    for (std::uint32_t i = 0; i < kSize; ++i) {
      state_[i] = seed;
      seed = 1812433253U * (seed ^ (seed >> 30)) + i + 1;
    }
  }

  std::uint32_t operator()() {
    if (at_ == kSize) {
      advance();
      temper();
      at_ = 0;
    }
    return drawn_[at_++];
  }

 private:
  static std::uint32_t twisted(std::uint32_t high, std::uint32_t low) {
    const std::uint32_t joined = (high & 0x80000000U) | (low & 0x7FFFFFFFU);
    return (joined >> 1) ^ ((0U - (low & 1U)) & 0x9908B0DFU);
  }
  void advance() {
    constexpr std::size_t kShift = 397;
    std::uint32_t* const x = state_.data();
    for (std::size_t i = 0; i < kSize - kShift; ++i) x[i] = x[i + kShift] ^ twisted(x[i], x[i + 1]);
    for (std::size_t i = kSize - kShift; i < kSize - 1; ++i) x[i] = x[i + kShift - kSize] ^ twisted(x[i], x[i + 1]);
    x[kSize - 1] = x[kShift - 1] ^ twisted(x[kSize - 1], x[0]);
  }
  void temper() {
    for (std::size_t i = 0; i < kSize; ++i) {
      std::uint32_t y = state_[i];
      y ^= y >> 11;
      y ^= (y << 7) & 0x9D2C5680U;
      y ^= (y << 15) & 0xEFC60000U;
      drawn_[i] = y ^ (y >> 18);
    }
  }

  std::array<std::uint32_t, kSize> state_{};
  std::array<std::uint32_t, kSize> drawn_{};
  std::size_t at_ = kSize;
};

}  // namespace bolide
