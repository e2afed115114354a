/// XXH3-128 digests: integrity of files and content keys. Not authenticity.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bolide {

struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Digest&) const = default;
};

Digest digest(std::span<const std::byte> bytes);
inline Digest digest(std::string_view text) { return digest(std::as_bytes(std::span(text.data(), text.size()))); }
/// The digest of the pieces one after the other.
Digest digest(std::span<const std::span<const std::byte>> pieces);
/// 32 lower-case hexadecimal digits.
std::string text(const Digest& digest);

}  // namespace bolide
