/// Makes the digests of a changed engine file right again, so that what stands behind them is tested.
#pragma once

#include "plan/engine_layout.h"

#include <cstring>

namespace bolide::testing {

template <class T>
T load(std::span<const std::byte> bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
template <class T>
void store(std::span<std::byte> bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

inline void redigest(std::span<std::byte> file) {
  using namespace engine_layout;
  if (file.size() < kHeaderBytes) return;
  const std::size_t sections = load<std::uint32_t>(file, 16);
  if (sections > kMaxSections || kHeaderBytes + sections * kEntryBytes > file.size()) return;
  for (std::size_t i = 0; i < sections; ++i) {
    const std::size_t entry = kHeaderBytes + i * kEntryBytes;
    const auto offset = load<std::uint64_t>(file, entry + 8);
    const auto bytes = load<std::uint64_t>(file, entry + 16);
    if (offset > file.size() || bytes > file.size() - offset) continue;
    const Digest digest_of = digest(std::span<const std::byte>(file).subspan(offset, bytes));
    store(file, entry + 24, digest_of.high);
    store(file, entry + 32, digest_of.low);
  }
  const std::array<std::span<const std::byte>, 2> covered = {file.first(kDigestAt),
                                                             file.subspan(kHeaderBytes, sections * kEntryBytes)};
  const Digest table = digest(covered);
  store(file, kDigestAt, table.high);
  store(file, kDigestAt + 8, table.low);
}

}  // namespace bolide::testing
