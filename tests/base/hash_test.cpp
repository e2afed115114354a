#include "base/hash.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

// XXH3-128 of zero bytes with seed 0, as `xxh128sum /dev/null` prints it.
TEST(Digest, OfNothingIsTheXxh3ValueOfNothing) {
  EXPECT_EQ(text(digest(std::span<const std::byte>())), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(digest(""), digest(std::span<const std::byte>()));
}

TEST(Digest, ChangesWithOneBit) { EXPECT_NE(digest("model 0"), digest("model 1")); }

TEST(Digest, IsWrittenAs32DigitsWithLeadingZeros) {
  EXPECT_EQ(text(Digest{0x1, 0xABC}), "00000000000000010000000000000abc");
}

}  // namespace
}  // namespace bolide
