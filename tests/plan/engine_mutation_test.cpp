// Engine files with wrong contents behind right digests: reading them is a typed error or a sound graph, and takes
// memory in proportion to the file.
#include "engine_redigest.h"
#include "sample_engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

namespace {
std::atomic<std::size_t> allocated_bytes = 0;
}

// Not inlined: compilers would see malloc paired with delete.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace bolide {
namespace {

using testing::redigest;
using testing::store;

/// All that a user of the file does before a kernel runs.
void use(std::span<const std::byte> bytes) {
  const auto engine = read_engine(bytes, nullptr);
  if (!engine) {
    ASSERT_TRUE(engine.error().code == Code::kBadFile || engine.error().code == Code::kUnsupported ||
                engine.error().code == Code::kOutOfMemory)
        << name(engine.error().code) << ": " << engine.error().message;
    ASSERT_FALSE(engine.error().message.empty());
    return;
  }
  ASSERT_TRUE(check(*engine->graph));
  const testing::NamedBackend backend;
  for (const DeviceVariant& device : engine->variants) {
    const auto variants = bind_variants(device, *engine->graph, backend);
    ASSERT_TRUE(variants || variants.error().code == Code::kBadFile) << variants.error().message;
  }
  const auto again = engine_bytes(*engine);
  ASSERT_TRUE(again) << again.error().message;
}

TEST(EngineMutation, WrongContentsBehindRightDigestsNeverCrashNorTakeMemoryOutOfProportion) {
  const std::vector<std::byte> good = *engine_bytes(testing::sample_engine());
  std::mt19937 random(20240607);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  constexpr std::array<std::uint32_t, 10> kNumbers = {0, 1, 2, 3, 16, 255, 65536, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF};
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bytes = good;
    for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
      const std::size_t at = 8 + below(bytes.size() - 16);
      switch (below(4)) {
        case 0: bytes[at] ^= static_cast<std::byte>(1U << below(8)); break;
        case 1: bytes[at] = static_cast<std::byte>(below(256)); break;
        case 2: store(bytes, at, kNumbers[below(kNumbers.size())]); break;
        default: {  // a run of bytes from elsewhere
          const std::size_t size = 1 + below(32);
          const std::size_t from = below(bytes.size() - size);
          const std::size_t to = std::min(at, bytes.size() - size);
          std::memmove(bytes.data() + to, bytes.data() + from, size);
        }
      }
    }
    redigest(bytes);
    allocated_bytes = 0;
    ASSERT_NO_FATAL_FAILURE(use(bytes)) << "round " << round;
    ASSERT_LT(allocated_bytes, 64 * bytes.size() + 65536) << "round " << round;
  }
}

TEST(EngineMutation, EveryNumberOfTheGraphSectionMayBeHuge) {
  const std::vector<std::byte> good = *engine_bytes(testing::sample_engine());
  for (std::size_t at = 8; at + 8 <= good.size(); ++at) {
    for (const std::uint64_t value : {~std::uint64_t{0}, std::uint64_t{1} << 62, std::uint64_t{0x7FFFFFFF}}) {
      std::vector<std::byte> bytes = good;
      store(bytes, at, value);
      redigest(bytes);
      allocated_bytes = 0;
      ASSERT_NO_FATAL_FAILURE(use(bytes)) << "byte " << at;
      ASSERT_LT(allocated_bytes, 64 * bytes.size() + 65536) << "byte " << at;
    }
  }
}

TEST(EngineMutation, EveryCutWithRightDigestsIsRefused) {
  const std::vector<std::byte> good = *engine_bytes(testing::sample_engine());
  const std::size_t sections = testing::load<std::uint32_t>(good, 16);
  for (std::size_t section = 0; section < sections; ++section) {
    const std::size_t entry = engine_layout::kHeaderBytes + section * engine_layout::kEntryBytes;
    const auto length = testing::load<std::uint64_t>(good, entry + 16);
    for (std::uint64_t less = 1; less <= length && less < 64; ++less) {
      // The section ends earlier; what follows stays where it is when that is the same multiple of 64.
      std::vector<std::byte> bytes = good;
      store(bytes, entry + 16, length - less);
      if (section + 1 == sections) {
        bytes.resize(bytes.size() - less);
        store<std::uint64_t>(bytes, 24, bytes.size());
      }
      redigest(bytes);
      ASSERT_FALSE(read_engine(bytes, nullptr)) << "section " << section << ", " << less << " bytes less";
    }
  }
}

}  // namespace
}  // namespace bolide
