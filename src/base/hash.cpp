#include "base/hash.h"

#include <xxhash.h>

#include <vector>

namespace bolide {

Digest digest(std::span<const std::byte> bytes) {
  static constexpr std::byte kNothing{};
  const XXH128_hash_t hash = XXH3_128bits(bytes.empty() ? &kNothing : bytes.data(), bytes.size());
  return Digest{hash.high64, hash.low64};
}

Digest digest(std::span<const std::span<const std::byte>> pieces) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), &XXH3_freeState);
  if (state == nullptr) {
    // The state is half a kilobyte; without it the pieces are joined, which fails as any allocation does.
    std::vector<std::byte> joined;
    for (const auto piece : pieces) joined.insert(joined.end(), piece.begin(), piece.end());
    return digest(joined);
  }
  XXH3_128bits_reset(state.get());
  for (const auto piece : pieces) {
    if (!piece.empty()) XXH3_128bits_update(state.get(), piece.data(), piece.size());
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
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
