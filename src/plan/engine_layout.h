/// Where things stand in an engine file; shared by its writer and its reader.
#pragma once

#include "plan/engine_file.h"

#include <algorithm>
#include <array>

namespace bolide::engine_layout {

inline constexpr std::string_view kMagic =
    "\x89"
    "BOLIDE\n";  // a byte beyond ASCII and a line end show text transfers
inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t kHeaderBytes = 64;
/// Magic, versions, section count, zero, file length: what the table digest covers besides the table.
inline constexpr std::size_t kDigestAt = 32;
inline constexpr std::size_t kEntryBytes = 40;
inline constexpr std::size_t kMaxSections = 4096;
inline constexpr int kMaxNesting = 16;
inline constexpr std::size_t kMaxDimText = 16384;

enum class SectionKind : std::uint32_t { kInfo = 1, kGraph = 2, kWeights = 3, kDevice = 4 };

/// Of padding and unused fields.
inline bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}
inline constexpr std::size_t align_up(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace bolide::engine_layout
