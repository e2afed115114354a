#include "tensor/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>

namespace bolide {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class T>
Tensor vector_of(std::initializer_list<T> values) {
  return Tensor::of(std::span<const T>(values.begin(), values.size()));
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  return {tensor.span<T>().begin(), tensor.span<T>().end()};
}

std::vector<int> bytes_of(const Tensor& tensor) {
  std::vector<int> out;
  for (std::size_t i = 0; i < tensor.bytes(); ++i) out.push_back(std::to_integer<int>(tensor.data()[i]));
  return out;
}

TEST(Cast, FloatToIntegerTruncatesAndWraps) {
  const Tensor from = vector_of<float>({1.9F, -1.9F, 300.0F, -129.0F, kNan, kInf});
  EXPECT_EQ(values_of<std::int8_t>(*cast(from, DataType::kI8)), (std::vector<std::int8_t>{1, -1, 44, 127, 0, 0}));
  EXPECT_EQ(values_of<std::uint8_t>(*cast(from, DataType::kU8)), (std::vector<std::uint8_t>{1, 255, 44, 127, 0, 0}));
  EXPECT_EQ(values_of<std::uint64_t>(*cast(vector_of<double>({0x1p63, -1.0}), DataType::kU64)),
            (std::vector<std::uint64_t>{UINT64_C(1) << 63, UINT64_MAX}));
}

TEST(Cast, IntegerToFloatRoundsOnce) {
  // 2^24 + 1 + 2^-29 of it: through f64 the tie would go to even, the integer is above the tie.
  const std::int64_t trap = (INT64_C(1) << 62) + (INT64_C(1) << 38) + 1;
  EXPECT_EQ(values_of<float>(*cast(vector_of<std::int64_t>({trap, -trap, 16777217}), DataType::kF32)),
            (std::vector<float>{0x1.000002p62F, -0x1.000002p62F, 16777216.0F}));
  const std::int64_t bf16_trap = (INT64_C(1) << 62) + (INT64_C(1) << 54) + 1;
  EXPECT_EQ(values_of<std::uint16_t>(*cast(vector_of<std::int64_t>({bf16_trap, bf16_trap - 1}), DataType::kBF16)),
            (std::vector<std::uint16_t>{0x5E81, 0x5E80}));
  EXPECT_EQ(values_of<double>(*cast(vector_of<std::uint64_t>({UINT64_MAX}), DataType::kF64)),
            (std::vector<double>{0x1p64}));
}

TEST(Cast, BetweenFloats) {
  const Tensor from = vector_of<float>({1.0F, 65504.0F, 1e6F, 0.1F});
  EXPECT_EQ(values_of<std::uint16_t>(*cast(from, DataType::kF16)),
            (std::vector<std::uint16_t>{0x3C00, 0x7BFF, 0x7C00, 0x2E66}));
  EXPECT_EQ(values_of<float>(*cast(*cast(from, DataType::kF64), DataType::kF32)), values_of<float>(from));
  EXPECT_EQ(values_of<float>(*cast(*cast(from, DataType::kBF16), DataType::kF32))[0], 1.0F);
  EXPECT_EQ(bytes_of(*cast(from, DataType::kF8E4M3FN, {.saturate = false})),
            (std::vector<int>{0x38, 0x7F, 0x7F, 0x1D}));
  EXPECT_EQ(bytes_of(*cast(vector_of<double>({1 + 0x1p-11 + 0x1p-40}), DataType::kF16)),
            (std::vector<int>{0x01, 0x3C}));
}

TEST(Cast, SubByteTypes) {
  const Tensor from = vector_of<float>({-9, -8, -1, 0, 7});
  const Tensor packed = *cast(from, DataType::kI4);
  EXPECT_EQ(bytes_of(packed), (std::vector<int>{0x87, 0x0F, 0x07}));
  EXPECT_EQ(values_of<float>(*cast(packed, DataType::kF32)), (std::vector<float>{7, -8, -1, 0, 7}));
  EXPECT_EQ(values_of<std::int8_t>(*cast(packed, DataType::kI8)), (std::vector<std::int8_t>{7, -8, -1, 0, 7}));
  const Tensor two = *cast(vector_of<std::int32_t>({-2, -1, 0, 1, 2}), DataType::kI2);
  EXPECT_EQ(bytes_of(two), (std::vector<int>{0x4E, 0x02}));
  EXPECT_EQ(*to_i64(two), (Dims{-2, -1, 0, 1, -2}));
  EXPECT_EQ(*to_i64(two.reinterpreted(DataType::kU2)), (Dims{2, 3, 0, 1, 2}));
  const Tensor four = *cast(vector_of<float>({0.48F, -3.5F, 9.0F}), DataType::kF4E2M1);
  EXPECT_EQ(values_of<float>(*cast(four, DataType::kF32)), (std::vector<float>{0.5F, -4, 6}));
  const Tensor six = *cast(vector_of<float>({0.125F, 25, -0.3F, 1, 7.5F}), DataType::kF6E2M3);
  EXPECT_EQ(bytes_of(six), (std::vector<int>{0xC1, 0x27, 0x22, 0x1F}));
  EXPECT_EQ(values_of<float>(*cast(six, DataType::kF32)), (std::vector<float>{0.125F, 7.5F, -0.25F, 1, 7.5F}));
  EXPECT_EQ(values_of<float>(*cast(*cast(from, DataType::kF6E3M2), DataType::kF32)),
            (std::vector<float>{-8, -8, -1, 0, 7}));
}

TEST(Cast, Bool) {
  EXPECT_EQ(bytes_of(*cast(vector_of<float>({0, -0.0F, 0.5F, kNan}), DataType::kBool)), (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(bytes_of(*cast(vector_of<std::int32_t>({256, 0}), DataType::kBool)), (std::vector<int>{1, 0}));
  EXPECT_EQ(values_of<float>(*cast(vector_of<bool>({true, false}), DataType::kF32)), (std::vector<float>{1, 0}));
}

TEST(Cast, NumbersToText) {
  EXPECT_EQ(values_of<std::string>(*cast(vector_of<float>({0.1F, 1, kNan, kInf, -kInf}), DataType::kString)),
            (std::vector<std::string>{"0.1", "1", "NaN", "INF", "-INF"}));
  EXPECT_EQ(values_of<std::string>(*cast(vector_of<std::uint64_t>({UINT64_MAX}), DataType::kString)),
            (std::vector<std::string>{"18446744073709551615"}));
}

TEST(Cast, TextToNumbers) {
  const Tensor texts = vector_of<std::string>({"3.14", "+1e3", "-inf", "1E-5", "+INF", "1e999", "-1e-999"});
  EXPECT_EQ(values_of<float>(*cast(texts, DataType::kF32)),
            (std::vector<float>{3.14F, 1000, -kInf, 1e-5F, kInf, kInf, -0.0F}));
  EXPECT_TRUE(std::isnan(values_of<double>(*cast(vector_of<std::string>({"nan"}), DataType::kF64))[0]));
  EXPECT_EQ(values_of<std::int64_t>(*cast(vector_of<std::string>({"100.5", "9223372036854775807"}), DataType::kI64)),
            (std::vector<std::int64_t>{100, INT64_MAX}));
  EXPECT_EQ(values_of<std::uint64_t>(*cast(vector_of<std::string>({"18446744073709551615"}), DataType::kU64)),
            (std::vector<std::uint64_t>{UINT64_MAX}));
  for (const char* nonsense : {"", "+", "x", "1x", " 1", "--1", "+-1", "0x10"}) {
    const auto result = cast(vector_of<std::string>({nonsense}), DataType::kF32);
    ASSERT_FALSE(result) << nonsense;
    EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  }
}

TEST(Cast, Complex) {
  using C64 = std::complex<float>;
  using C128 = std::complex<double>;
  const Tensor wide = *cast(vector_of<float>({2}), DataType::kC128);
  EXPECT_EQ(values_of<C128>(wide), (std::vector<C128>{{2, 0}}));
  EXPECT_EQ(values_of<C64>(*cast(wide, DataType::kC64)), (std::vector<C64>{{2, 0}}));
  EXPECT_EQ(bytes_of(*cast(wide, DataType::kBool)), (std::vector<int>{1}));
  EXPECT_EQ(cast(wide, DataType::kF32).error().code, Code::kUnsupported);
}

TEST(Cast, EveryPairOfRealTypesKeepsSmallNumbers) {
  const Tensor ones = vector_of<float>({1, 1, 1});
  for (int a = 0; a < kDataTypeCount; ++a) {
    for (int b = 0; b < kDataTypeCount; ++b) {
      const auto from = static_cast<DataType>(a);
      const auto to = static_cast<DataType>(b);
      if (from == DataType::kC64 || from == DataType::kC128) continue;
      const auto result = cast(*cast(ones, from), to);
      ASSERT_TRUE(result) << name(from) << " to " << name(to);
      EXPECT_EQ(result->dtype(), to);
      EXPECT_EQ(*result, *cast(ones, to)) << name(from) << " to " << name(to);
    }
  }
}

TEST(Cast, LongTensorsAreConvertedToTheLastElement) {
  Tensor from = *Tensor::allocate(DataType::kI16, {2501});
  for (std::size_t i = 0; i < 2501; ++i) from.span<std::int16_t>()[i] = static_cast<std::int16_t>(i);
  const Tensor to = *cast(from, DataType::kF64);
  for (std::size_t i = 0; i < 2501; ++i) ASSERT_EQ(to.span<double>()[i], static_cast<double>(i));
  EXPECT_EQ(cast(*Tensor::allocate(DataType::kI16, {0, 3}), DataType::kF16)->dims(), (Dims{0, 3}));
}

}  // namespace
}  // namespace bolide
