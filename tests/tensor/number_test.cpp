#include "tensor/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

namespace bolide {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The value of a code by the definition of a format with `mantissa` and `bias`, special codes aside.
double by_definition(unsigned code, int mantissa, int exponent_bits, int bias) {
  const bool negative = ((code >> (mantissa + exponent_bits)) & 1) != 0;
  const int exponent = static_cast<int>((code >> mantissa) & ((1U << exponent_bits) - 1));
  const double fraction = (code & ((1U << mantissa) - 1)) / std::exp2(mantissa);
  const double magnitude = exponent == 0 ? fraction * std::exp2(1 - bias) : (1 + fraction) * std::exp2(exponent - bias);
  return negative ? -magnitude : magnitude;
}

TEST(Number, EveryF16CodeDecodesByDefinitionAndComesBack) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const auto bits = static_cast<std::uint16_t>(code);
    const float value = f16_to_f32(bits);
    if ((code & 0x7C00) == 0x7C00) {
      const bool infinite = (code & 0x3FF) == 0;
      ASSERT_EQ(std::isinf(value), infinite) << code;
      ASSERT_EQ(std::isnan(value), !infinite) << code;
      ASSERT_EQ(std::signbit(value), code >> 15 != 0) << code;
    } else {
      ASSERT_EQ(value, by_definition(code, 10, 5, 15)) << code;
      ASSERT_EQ(std::signbit(value), code >> 15 != 0) << code;
    }
    const auto expected = static_cast<std::uint16_t>(std::isnan(value) ? code | 0x200 : code);
    ASSERT_EQ(f32_to_f16(value), expected) << code;
    if (!std::isnan(value)) {
      ASSERT_EQ(f64_to_f16(value), code);
    }
  }
}

TEST(Number, EveryBf16CodeDecodesByDefinitionAndComesBack) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const float value = bf16_to_f32(static_cast<std::uint16_t>(code));
    if ((code & 0x7F80) != 0x7F80) {
      ASSERT_EQ(value, by_definition(code, 7, 8, 127)) << code;
    }
    const unsigned expected = std::isnan(value) ? code | 0x40 : code;
    ASSERT_EQ(f32_to_bf16(value), expected) << code;
    if (!std::isnan(value)) {
      ASSERT_EQ(f64_to_bf16(value), code);
    }
  }
}

/// Rounds by search: the neighbours of `value` among all finite codes, then the nearer, then the even one. The code
/// above the largest finite one stands for the value that the format would have there, which is its overflow bound.
struct Oracle {
  std::vector<double> values;  // of codes 0, 1, ..., ascending; the last is the overflow code

  Oracle(unsigned largest, int mantissa, int exponent_bits, int bias) {
    for (unsigned code = 0; code <= largest; ++code)
      values.push_back(by_definition(code, mantissa, exponent_bits, bias));
    values.push_back(2 * values.back() - values[values.size() - 2]);
  }
  unsigned operator()(double magnitude) const {
    const auto above = std::ranges::lower_bound(values, magnitude);
    if (above == values.end()) return static_cast<unsigned>(values.size() - 1);
    const auto code = static_cast<unsigned>(above - values.begin());
    if (*above == magnitude) return code;
    const double to_lower = magnitude - values[code - 1];
    const double to_upper = *above - magnitude;
    if (to_lower != to_upper) return to_lower < to_upper ? code - 1 : code;
    return code % 2 == 0 ? code : code - 1;
  }
};

TEST(Number, F32ToF16RoundsToNearestEvenAtAndAroundEveryMidpoint) {
  const Oracle oracle(0x7BFF, 10, 5, 15);
  for (unsigned code = 0; code < 0x7C00; ++code) {
    const auto middle = static_cast<float>((oracle.values[code] + oracle.values[code + 1]) / 2);  // exact in f32
    for (const float value : {std::nextafter(middle, 0.0F), middle, std::nextafter(middle, 1e9F)}) {
      ASSERT_EQ(f32_to_f16(value), oracle(value)) << value;
      ASSERT_EQ(f32_to_f16(-value), oracle(value) | 0x8000) << value;
    }
    const double exact = middle;
    for (const double value : {std::nextafter(exact, 0.0), exact, std::nextafter(exact, 1e9)}) {
      ASSERT_EQ(f64_to_f16(value), oracle(value)) << value;  // rounding to f32 first would lose the difference
    }
  }
}

TEST(Number, F32ToF16AgreesWithTheSearchOnRandomBits) {
  const Oracle oracle(0x7BFF, 10, 5, 15);
  std::mt19937 random(1);
  for (int i = 0; i < 1000000; ++i) {
    // Exponents 2^-30 .. 2^20 cover zero, subnormals, normals and overflow.
    const auto bits = static_cast<std::uint32_t>((random() & 0x7FFFFF) | ((97 + random() % 51) << 23));
    const auto value = std::bit_cast<float>(bits);
    ASSERT_EQ(f32_to_f16(value), oracle(value)) << value;
  }
}

TEST(Number, Bf16RoundsToNearestEven) {
  const Oracle oracle(0x7F7F, 7, 8, 127);
  for (unsigned code = 0; code < 0x7F80; ++code) {
    const double middle = oracle.values[code] / 2 + oracle.values[code + 1] / 2;
    for (const double value : {std::nextafter(middle, 0.0), middle, std::nextafter(middle, kInf)}) {
      ASSERT_EQ(f64_to_bf16(value), oracle(value)) << code;
    }
    const auto narrow = static_cast<float>(middle);
    for (const float value : {std::nextafter(narrow, 0.0F), narrow, std::nextafter(narrow, 3.4e38F)}) {
      ASSERT_EQ(f32_to_bf16(value), oracle(value)) << code;
      ASSERT_EQ(f32_to_bf16(-value), oracle(value) | 0x8000) << code;
    }
  }
}

TEST(Number, NarrowFloatsOverflowToInfinityAtTheMidpoint) {
  EXPECT_EQ(f32_to_f16(65519.996F), 0x7BFF);
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(f32_to_f16(-1e30F), 0xFC00);
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(f64_to_bf16(1e300), 0x7F80);
  EXPECT_EQ(f64_to_f16(-kInf), 0xFC00);
  EXPECT_EQ(f64_to_f16(0x1p-25), 0);       // tie with 0
  EXPECT_EQ(f64_to_f16(0x1.0001p-25), 1);  // just above it
  EXPECT_EQ(f64_to_f16(5e-324), 0);
  EXPECT_EQ(f64_to_f16(-5e-324), 0x8000);
}

TEST(Number, F64DoesNotRoundTwice) {
  // 1 + 2^-11 is the midpoint of two f16; f32 would swallow the 2^-40 and then tie to even.
  EXPECT_EQ(f64_to_f16(1 + 0x1p-11 + 0x1p-40), 0x3C01);
  EXPECT_EQ(f64_to_f16(1 + 0x1p-11), 0x3C00);
  EXPECT_EQ(f64_to_bf16(1 + 0x1p-8 + 0x1p-40), 0x3F81);
  EXPECT_EQ(f64_to_bf16(1 + 0x1p-8), 0x3F80);
  EXPECT_EQ(encode_small_float(DataType::kF8E4M3FN, 1 + 0x1p-4 + 0x1p-40), 0x39);
}

struct SmallFloat {
  DataType type;
  int mantissa;
  int exponent_bits;
  int bias;
  unsigned largest;
  std::vector<unsigned> nans;
  std::vector<unsigned> infinities;
  bool negative_zero;
};

class SmallFloats : public testing::TestWithParam<SmallFloat> {};

bool holds(const std::vector<unsigned>& codes, unsigned code) { return std::ranges::count(codes, code) > 0; }

TEST_P(SmallFloats, EveryCodeDecodesByDefinitionAndComesBack) {
  const SmallFloat& type = GetParam();
  for (unsigned code = 0; code < 1U << bit_width(type.type); ++code) {
    const float value = decode_small_float(type.type, static_cast<std::uint8_t>(code));
    if (holds(type.nans, code)) {
      ASSERT_TRUE(std::isnan(value)) << code;
      ASSERT_TRUE(holds(type.nans, encode_small_float(type.type, value))) << code;
      continue;
    }
    if (holds(type.infinities, code)) {
      ASSERT_TRUE(std::isinf(value)) << code;
    } else {
      ASSERT_EQ(value, by_definition(code, type.mantissa, type.exponent_bits, type.bias)) << code;
    }
    ASSERT_EQ(encode_small_float(type.type, value, {.saturate = false}), code) << value;
  }
}

TEST_P(SmallFloats, RoundToNearestEvenAtAndAroundEveryMidpoint) {
  const SmallFloat& type = GetParam();
  const Oracle oracle(type.largest, type.mantissa, type.exponent_bits, type.bias);
  const unsigned sign = 1U << (type.mantissa + type.exponent_bits);
  for (unsigned code = 0; code < type.largest; ++code) {
    const double middle = (oracle.values[code] + oracle.values[code + 1]) / 2;
    for (const double value : {std::nextafter(middle, 0.0), middle, std::nextafter(middle, kInf)}) {
      const unsigned expected = oracle(value);
      ASSERT_EQ(encode_small_float(type.type, value), expected) << value;
      const unsigned negative = expected == 0 && !type.negative_zero ? 0 : expected | sign;
      ASSERT_EQ(encode_small_float(type.type, -value), negative) << value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, SmallFloats,
    testing::Values(SmallFloat{DataType::kF8E4M3FN, 3, 4, 7, 0x7E, {0x7F, 0xFF}, {}, true},
                    SmallFloat{DataType::kF8E4M3FNUZ, 3, 4, 8, 0x7F, {0x80}, {}, false},
                    SmallFloat{
                        DataType::kF8E5M2, 2, 5, 15, 0x7B, {0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF}, {0x7C, 0xFC}, true},
                    SmallFloat{DataType::kF8E5M2FNUZ, 2, 5, 16, 0x7F, {0x80}, {}, false},
                    SmallFloat{DataType::kF4E2M1, 1, 2, 1, 0x7, {}, {}, true},
                    SmallFloat{DataType::kF6E2M3, 3, 2, 1, 0x1F, {}, {}, true},
                    SmallFloat{DataType::kF6E3M2, 2, 3, 3, 0x1F, {}, {}, true}),
    [](const auto& test) { return std::string(name(test.param.type)); });

TEST(Number, SmallFloatsHaveTheLargestValuesOfTheirDefinitions) {
  EXPECT_EQ(decode_small_float(DataType::kF8E4M3FN, 0x7E), 448);
  EXPECT_EQ(decode_small_float(DataType::kF8E4M3FNUZ, 0x7F), 240);
  EXPECT_EQ(decode_small_float(DataType::kF8E5M2, 0x7B), 57344);
  EXPECT_EQ(decode_small_float(DataType::kF8E5M2FNUZ, 0x7F), 57344);
  EXPECT_EQ(decode_small_float(DataType::kF4E2M1, 0x7), 6);
  EXPECT_EQ(decode_small_float(DataType::kF4E2M1, 0xF7), 6) << "bits above the width are ignored";
  EXPECT_EQ(decode_small_float(DataType::kF6E2M3, 0x1F), 7.5F);
  EXPECT_EQ(decode_small_float(DataType::kF6E2M3, 0x01), 0.125F);
  EXPECT_EQ(decode_small_float(DataType::kF6E3M2, 0x1F), 28);
  EXPECT_EQ(decode_small_float(DataType::kF6E3M2, 0xC1), 0.0625F) << "bits above the width are ignored";
}

struct Special {
  double value;
  bool saturate;
  std::array<unsigned, 4> codes;  // e4m3fn, e4m3fnuz, e5m2, e5m2fnuz
};

TEST(Number, SpecialValuesFollowTheOnnxCastTable) {
  const std::array<Special, 12> table = {{
      {0.0, true, {0x00, 0x00, 0x00, 0x00}},
      {-0.0, true, {0x80, 0x00, 0x80, 0x00}},
      {kInf, true, {0x7E, 0x7F, 0x7B, 0x7F}},
      {-kInf, true, {0xFE, 0xFF, 0xFB, 0xFF}},
      {1e6, true, {0x7E, 0x7F, 0x7B, 0x7F}},
      {-1e6, true, {0xFE, 0xFF, 0xFB, 0xFF}},
      {kInf, false, {0x7F, 0x80, 0x7C, 0x80}},
      {-kInf, false, {0xFF, 0x80, 0xFC, 0x80}},
      {1e6, false, {0x7F, 0x80, 0x7C, 0x80}},
      {-1e6, false, {0xFF, 0x80, 0xFC, 0x80}},
      {kNan, true, {0x7F, 0x80, 0x7E, 0x80}},
      {kNan, false, {0x7F, 0x80, 0x7E, 0x80}},
  }};
  constexpr std::array kTypes = {DataType::kF8E4M3FN, DataType::kF8E4M3FNUZ, DataType::kF8E5M2, DataType::kF8E5M2FNUZ};
  for (const Special& row : table) {
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      EXPECT_EQ(encode_small_float(kTypes.at(i), row.value, {.saturate = row.saturate}), row.codes.at(i))
          << row.value << " to " << name(kTypes.at(i)) << (row.saturate ? " saturating" : "");
    }
  }
  EXPECT_EQ(encode_small_float(DataType::kF4E2M1, kInf, {.saturate = false}), 0x7);
  EXPECT_EQ(encode_small_float(DataType::kF4E2M1, -100), 0xF);
  EXPECT_EQ(encode_small_float(DataType::kF4E2M1, kNan), 0x8);
  EXPECT_EQ(encode_small_float(DataType::kF6E2M3, 25), 0x1F);
  EXPECT_EQ(encode_small_float(DataType::kF6E3M2, 25), 0x1E);
  EXPECT_EQ(encode_small_float(DataType::kF6E3M2, -kInf, {.saturate = false}), 0x3F);
  EXPECT_EQ(encode_small_float(DataType::kF6E2M3, -0.0), 0x20);
  EXPECT_EQ(encode_small_float(DataType::kF6E2M3, kNan), 0x20);
}

TEST(Number, ScalesArePowersOfTwo) {
  for (unsigned code = 0; code < 0xFF; ++code) {
    const float value = decode_small_float(DataType::kF8E8M0, static_cast<std::uint8_t>(code));
    ASSERT_EQ(value, std::exp2(static_cast<int>(code) - 127));
    for (const auto rounding : {ScaleRounding::kUp, ScaleRounding::kDown, ScaleRounding::kNearest}) {
      ASSERT_EQ(encode_small_float(DataType::kF8E8M0, value, {true, rounding}), code);
    }
  }
  EXPECT_TRUE(std::isnan(decode_small_float(DataType::kF8E8M0, 0xFF)));
}

TEST(Number, ScalesRoundUpDownOrToTheNearest) {
  const auto encode = [](double value, ScaleRounding rounding, bool saturate = true) {
    return int{encode_small_float(DataType::kF8E8M0, value, {saturate, rounding})};
  };
  EXPECT_EQ(encode(1.001, ScaleRounding::kUp), 128);
  EXPECT_EQ(encode(1.999, ScaleRounding::kDown), 127);
  EXPECT_EQ(encode(1.499, ScaleRounding::kNearest), 127);
  EXPECT_EQ(encode(1.5, ScaleRounding::kNearest), 128);
  EXPECT_EQ(encode(kInf, ScaleRounding::kUp), 0xFE);
  EXPECT_EQ(encode(0x1p300, ScaleRounding::kUp), 0xFE);
  EXPECT_EQ(encode(0x1p-300, ScaleRounding::kUp), 0);
  EXPECT_EQ(encode(0, ScaleRounding::kUp), 0);
  EXPECT_EQ(encode(kNan, ScaleRounding::kUp), 0xFF);
  EXPECT_EQ(encode(kInf, ScaleRounding::kNearest, false), 0xFF);
  EXPECT_EQ(encode(0x1p128, ScaleRounding::kNearest, false), 0xFF);
  EXPECT_EQ(encode(0x1p-129, ScaleRounding::kNearest, false), 0xFF);
  EXPECT_EQ(encode(0, ScaleRounding::kNearest, false), 0xFF);
}

TEST(Number, PackedCodesStandLowBitsFirst) {
  std::array<std::byte, 2> bytes{};
  set_packed(bytes.data(), 4, 0, 0x1);
  set_packed(bytes.data(), 4, 1, 0xFE);  // bits above the width are dropped
  set_packed(bytes.data(), 4, 2, 0x7);
  EXPECT_EQ(bytes[0], std::byte{0xE1});
  EXPECT_EQ(bytes[1], std::byte{0x07});
  EXPECT_EQ(get_packed(bytes.data(), 4, 1), 0xE);
  EXPECT_EQ(get_packed(bytes.data(), 2, 3), 0x3);  // 0xE1 is 3 2 0 1 from the top
  set_packed(bytes.data(), 2, 3, 0);
  EXPECT_EQ(bytes[0], std::byte{0x21});
}

TEST(Number, SixBitCodesAreOneStreamOfBits) {
  std::array<std::byte, 4> bytes{};
  for (std::uint8_t code = 1; code <= 5; ++code) set_packed(bytes.data(), 6, code - 1, code);
  EXPECT_EQ(bytes, (std::array{std::byte{0x81}, std::byte{0x30}, std::byte{0x10}, std::byte{0x05}}));
  for (std::uint8_t code = 1; code <= 5; ++code) EXPECT_EQ(get_packed(bytes.data(), 6, code - 1), code);
  set_packed(bytes.data(), 6, 1, 0xFF);  // beside its neighbours
  EXPECT_EQ(get_packed(bytes.data(), 6, 0), 1);
  EXPECT_EQ(get_packed(bytes.data(), 6, 1), 0x3F);
  EXPECT_EQ(get_packed(bytes.data(), 6, 2), 3);
}

}  // namespace
}  // namespace bolide
