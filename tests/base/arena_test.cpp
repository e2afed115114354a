#include "base/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace bolide {
namespace {

std::uintptr_t address(const AlignedBuffer& buffer) { return reinterpret_cast<std::uintptr_t>(buffer.data()); }

TEST(AlignedBuffer, IsAlignedAndWritableToItsLastByte) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{64}, std::size_t{65}, std::size_t{(2U << 20) - 1},
                                  std::size_t{2U << 20}, std::size_t{(5U << 20) + 3}}) {
    auto buffer = AlignedBuffer::allocate(bytes);
    ASSERT_TRUE(buffer) << bytes;
    EXPECT_EQ(buffer->size(), bytes);
    EXPECT_EQ(address(*buffer) % AlignedBuffer::kAlignment, 0U) << bytes;
    if (bytes >= (2U << 20)) {
      EXPECT_EQ(address(*buffer) % (2U << 20), 0U) << bytes;
    }
    std::fill(buffer->bytes().begin(), buffer->bytes().end(), std::byte{7});
    EXPECT_EQ(buffer->bytes().back(), std::byte{7});
  }
}

TEST(AlignedBuffer, OfZeroBytesIsEmpty) {
  const auto buffer = AlignedBuffer::allocate(0);
  ASSERT_TRUE(buffer);
  EXPECT_TRUE(buffer->bytes().empty());
}

TEST(AlignedBuffer, MovingTakesTheBlockAlong) {
  auto first = AlignedBuffer::allocate(100);
  ASSERT_TRUE(first);
  first->bytes()[99] = std::byte{5};
  AlignedBuffer second = *std::move(first);
  EXPECT_EQ(first->size(), 0U);
  EXPECT_EQ(first->data(), nullptr);
  AlignedBuffer third;
  third = std::move(second);
  EXPECT_EQ(third.bytes()[99], std::byte{5});
}

TEST(AlignedBuffer, AHostileSizeIsOutOfMemoryAndSaysTheBytes) {
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {most, most / 2, std::size_t{1} << 60}) {
    const auto buffer = AlignedBuffer::allocate(bytes);
    ASSERT_FALSE(buffer) << bytes;
    EXPECT_EQ(buffer.error().code, Code::kOutOfMemory);
    EXPECT_EQ(buffer.error().message, "cannot allocate " + std::to_string(bytes) + " bytes");
  }
}

}  // namespace
}  // namespace bolide
