#include "tune/fill.h"

#include <algorithm>
#include <cstring>

namespace bolide {

void fill_ordinary(DataType dtype, std::span<std::byte> bytes) {
  std::uint64_t state = 0x9E3779B97F4A7C15;
  const auto next = [&state] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  const auto put = [&]<class T>(T (*make)(std::uint64_t)) {
    for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
      const T value = make(next());
      std::memcpy(bytes.data() + at, &value, sizeof value);
    }
  };
  static constexpr auto kReal = +[](std::uint64_t bits) {
    const double magnitude = 0.25 + 1.75 * static_cast<double>(bits >> 11) / 9007199254740992.0;
    return (bits & 1) != 0 ? -magnitude : magnitude;
  };
  switch (dtype) {
    case DataType::kF64:
    case DataType::kC128: put(kReal); break;
    case DataType::kF32:
    case DataType::kC64: put(+[](std::uint64_t bits) { return static_cast<float>(kReal(bits)); }); break;
    // Sign, an exponent near that of 1, any mantissa.
    case DataType::kF16:
      put(+[](std::uint64_t b) { return static_cast<std::uint16_t>(0x3800U | (b & 0x87FFU)); });
      break;
    case DataType::kBF16:
      put(+[](std::uint64_t b) { return static_cast<std::uint16_t>(0x3F00U | (b & 0x80FFU)); });
      break;
    case DataType::kBool: put(+[](std::uint64_t bits) { return static_cast<std::uint8_t>(bits & 1); }); break;
    case DataType::kF8E4M3FN:
    case DataType::kF8E4M3FNUZ:
    case DataType::kF8E5M2:
    case DataType::kF8E5M2FNUZ:
    case DataType::kF8E8M0:
    case DataType::kF4E2M1:
    case DataType::kF6E2M3:
    case DataType::kF6E3M2:
      put(+[](std::uint64_t bits) { return static_cast<std::uint8_t>(0x30U | (bits & 7)); });
      break;
    case DataType::kI8:
    case DataType::kU8:
    case DataType::kI4:
    case DataType::kU4:
    case DataType::kI2:
    case DataType::kU2: put(+[](std::uint64_t bits) { return static_cast<std::uint8_t>(bits >> 8); }); break;
    case DataType::kI64:
    case DataType::kI32:
    case DataType::kI16:
    case DataType::kU64:
    case DataType::kU32:
    case DataType::kU16:
    case DataType::kString:
    case DataType::kSequence:
    case DataType::kOptional:
    case DataType::kMap: std::ranges::fill(bytes, std::byte{0}); break;
  }
}

}  // namespace bolide
