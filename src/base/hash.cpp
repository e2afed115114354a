#include "base/hash.h"

#include <xxhash.h>

namespace bolide {

Digest digest(std::span<const std::byte> bytes) {
  static constexpr std::byte kNothing{};
  const XXH128_hash_t hash = XXH3_128bits(bytes.empty() ? &kNothing : bytes.data(), bytes.size());
  return Digest{hash.high64, hash.low64};
}

std::string text(const Digest& digest) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(32);
  for (const std::uint64_t half : {digest.high, digest.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(half >> shift) & 15U];
  }
  return out;
}

}  // namespace bolide
