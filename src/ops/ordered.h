/// Numbers as integers in the same order, so that one comparison decides: NaN above all, both zeros one.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace bolide {

/// Unsigned numbers in the order of values: NaN above all, both zeros one.
template <class T>
std::uint64_t ordered(T value) {
  if constexpr (std::is_same_v<T, float>) {
    const float plain = std::isnan(value) ? std::numeric_limits<float>::quiet_NaN() : value + 0.0F;
    const auto bits = std::bit_cast<std::uint32_t>(plain);
    return (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
  } else if constexpr (std::is_same_v<T, double>) {
    const double plain = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
    const auto bits = std::bit_cast<std::uint64_t>(plain);
    return (bits >> 63) != 0 ? ~bits : bits | (std::uint64_t{1} << 63);
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
  } else {
    return value;
  }
}

/// The same as signed numbers of the width of T, without branches; rising with `value`, or falling.
template <class T>
auto signed_order(T value, bool rising) {
  if constexpr (std::is_same_v<T, float>) {
    constexpr std::int32_t kSize = std::numeric_limits<std::int32_t>::max();
    const auto bits = std::bit_cast<std::int32_t>(value + 0.0F);
    const std::int32_t key = (bits & kSize) > 0x7f800000 ? kSize : bits ^ ((bits >> 31) & kSize);
    return rising ? key : ~key;
  } else {
    const auto key = static_cast<std::int64_t>(ordered(value) ^ (std::uint64_t{1} << 63));
    return rising ? key : ~key;
  }
}

}  // namespace bolide
