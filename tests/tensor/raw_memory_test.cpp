#include "tensor/raw_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace bolide {
namespace {

TEST(RawMemory, IsAlignedAndTakenAgain) {
  const void* before = nullptr;
  {
    const Tensor first = *raw_tensor(DataType::kF32, {1 << 16});
    before = first.data();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(before) % 64, 0U);
    EXPECT_EQ(first.dims(), (Dims{1 << 16}));
  }
  const Tensor second = *raw_tensor(DataType::kI32, {1 << 16});
  EXPECT_EQ(second.data(), before);
  const Tensor third = *raw_tensor(DataType::kI32, {1 << 16});
  EXPECT_NE(third.data(), second.data());
}

TEST(RawMemory, ThatWasFreedIsZeroForTensorsThatPromiseIt) {
  {
    Tensor dirty = *raw_tensor(DataType::kU8, {200000});
    std::memset(dirty.data(), 0xAA, dirty.bytes());
  }
  const Tensor clean = *Tensor::allocate(DataType::kU8, {200000});
  EXPECT_TRUE(std::ranges::all_of(clean.span<std::uint8_t>(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST(RawMemory, RefusesWhatNoTensorHolds) {
  EXPECT_FALSE(raw_tensor(DataType::kF32, {INT64_C(1) << 50}));
  EXPECT_FALSE(raw_tensor(DataType::kF32, {-1}));
  EXPECT_EQ(raw_tensor(DataType::kF32, {0, 5})->count(), 0);
  EXPECT_EQ(raw_tensor(DataType::kString, {3})->span<std::string>()[2], "");
}

}  // namespace
}  // namespace bolide
