#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide {
namespace {

/// A binary floating-point format of at most 16 bits. Codes are compared without the sign bit.
struct Format {
  int mantissa_bits;
  int exponent_bits;
  int bias;
  std::uint32_t largest;   ///< code of the largest finite value
  std::uint32_t infinity;  ///< code of infinity; that of NaN for types without one
  std::uint32_t nan;
  bool unsigned_zero;  ///< the fnuz types: no negative zero, its code is the only NaN
  bool has_infinity;
};

constexpr Format kF16 = {10, 5, 15, 0x7BFF, 0x7C00, 0x7E00, false, true};
constexpr Format kBF16 = {7, 8, 127, 0x7F7F, 0x7F80, 0x7FC0, false, true};
constexpr Format kE4M3FN = {3, 4, 7, 0x7E, 0x7F, 0x7F, false, false};
constexpr Format kE4M3FNUZ = {3, 4, 8, 0x7F, 0x80, 0x80, true, false};
constexpr Format kE5M2 = {2, 5, 15, 0x7B, 0x7C, 0x7E, false, true};
constexpr Format kE5M2FNUZ = {2, 5, 16, 0x7F, 0x80, 0x80, true, false};
// These have neither infinity nor NaN.
constexpr Format kE2M1 = {1, 2, 1, 0x7, 0x7, 0x7, false, false};
constexpr Format kE2M3 = {3, 2, 1, 0x1F, 0x1F, 0x1F, false, false};
constexpr Format kE3M2 = {2, 3, 3, 0x1F, 0x1F, 0x1F, false, false};

const Format& format_of(DataType type) {
  switch (type) {
    case DataType::kF8E4M3FN: return kE4M3FN;
    case DataType::kF8E4M3FNUZ: return kE4M3FNUZ;
    case DataType::kF8E5M2: return kE5M2;
    case DataType::kF8E5M2FNUZ: return kE5M2FNUZ;
    case DataType::kF6E2M3: return kE2M3;
    case DataType::kF6E3M2: return kE3M2;
    default: return kE2M1;
  }
}

bool is_finite_only(const Format& format) { return format.nan == format.largest; }

constexpr int kF64MantissaBits = 52;
constexpr int kF64Bias = 1023;

/// The code of |value| rounded to nearest, ties to even, as if the exponent range had no upper end. `value` is finite.
std::uint32_t round_magnitude(double value, const Format& format) {
  const auto bits = std::bit_cast<std::uint64_t>(value) & ~(UINT64_C(1) << 63);
  int exponent = static_cast<int>(bits >> kF64MantissaBits) - kF64Bias;
  std::uint64_t mantissa = bits & ((UINT64_C(1) << kF64MantissaBits) - 1);
  if (exponent == -kF64Bias) {
    exponent = 1 - kF64Bias;  // subnormal
  } else {
    mantissa |= UINT64_C(1) << kF64MantissaBits;
  }
  const int smallest_exponent = 1 - format.bias;
  const int scale = std::max(exponent, smallest_exponent);
  const int shift = kF64MantissaBits - format.mantissa_bits + (scale - exponent);
  if (shift > kF64MantissaBits + 2) return 0;  // below half of the smallest subnormal
  std::uint64_t kept = mantissa >> shift;
  const std::uint64_t dropped = mantissa & ((UINT64_C(1) << shift) - 1);
  const std::uint64_t half = UINT64_C(1) << (shift - 1);
  if (dropped > half || (dropped == half && (kept & 1) != 0)) ++kept;
  // `kept` holds the implicit bit of a normal value, which adds the 1 that its exponent field needs.
  return (static_cast<std::uint32_t>(scale - smallest_exponent) << format.mantissa_bits) +
         static_cast<std::uint32_t>(kept);
}

std::uint32_t encode(double value, const Format& format, bool saturate) {
  const std::uint32_t sign_bit = UINT32_C(1) << (format.mantissa_bits + format.exponent_bits);
  const std::uint32_t sign = std::signbit(value) ? sign_bit : 0;
  if (std::isnan(value)) {
    if (is_finite_only(format)) return sign_bit;  // the type has no NaN; ONNX gives minus zero
    return format.unsigned_zero ? format.nan : sign | format.nan;
  }
  const std::uint32_t code = std::isinf(value) ? format.largest + 1 : round_magnitude(value, format);
  if (code > format.largest) {
    if (saturate) return sign | format.largest;
    return format.unsigned_zero ? format.nan : sign | format.infinity;
  }
  return code == 0 && format.unsigned_zero ? 0 : sign | code;
}

float decode(std::uint32_t code, const Format& format) {
  const std::uint32_t sign_bit = UINT32_C(1) << (format.mantissa_bits + format.exponent_bits);
  const std::uint32_t magnitude = code & (sign_bit - 1);
  const float sign = (code & sign_bit) != 0 ? -1.0F : 1.0F;
  if (format.unsigned_zero && code == sign_bit) return -std::numeric_limits<float>::quiet_NaN();
  if (magnitude > format.largest) {
    const bool infinite = format.has_infinity && magnitude == format.infinity;
    return infinite ? sign * std::numeric_limits<float>::infinity()
                    : std::copysign(std::numeric_limits<float>::quiet_NaN(), sign);
  }
  const std::uint32_t fraction = magnitude & ((UINT32_C(1) << format.mantissa_bits) - 1);
  const int exponent = static_cast<int>(magnitude >> format.mantissa_bits);
  const std::uint32_t implicit = exponent == 0 ? 0 : UINT32_C(1) << format.mantissa_bits;
  return sign * std::ldexp(static_cast<float>(fraction | implicit),
                           std::max(exponent, 1) - format.bias - format.mantissa_bits);
}

constexpr std::uint8_t kE8M0Nan = 0xFF;
constexpr int kE8M0Bias = 127;

float decode_e8m0(std::uint8_t code) {
  return code == kE8M0Nan ? std::numeric_limits<float>::quiet_NaN() : std::ldexp(1.0F, code - kE8M0Bias);
}

/// A power of two near |value|; the type has neither sign nor zero.
std::uint8_t encode_e8m0(double value, CastOptions options) {
  if (std::isnan(value)) return kE8M0Nan;
  const double magnitude = std::abs(value);
  if (magnitude == 0) return options.saturate ? 0 : kE8M0Nan;
  int exponent = 2 * kE8M0Bias;
  if (std::isfinite(magnitude)) {
    const double fraction = std::frexp(magnitude, &exponent) * 2;  // in [1, 2)
    --exponent;
    if (options.scale_rounding == ScaleRounding::kUp && fraction > 1) ++exponent;
    if (options.scale_rounding == ScaleRounding::kNearest && fraction >= 1.5) ++exponent;
  }
  if (std::abs(exponent) > kE8M0Bias && !options.saturate) return kE8M0Nan;
  return static_cast<std::uint8_t>(std::clamp(exponent + kE8M0Bias, 0, 2 * kE8M0Bias));
}

/// NaN keeps its sign and the upper part of its payload, and becomes quiet.
std::uint16_t narrow_nan(double value, const Format& format) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto payload = static_cast<std::uint16_t>((bits >> (kF64MantissaBits - format.mantissa_bits)) &
                                                  ((UINT64_C(1) << format.mantissa_bits) - 1));
  return static_cast<std::uint16_t>((bits >> 63 << 15) | format.nan | payload);
}

std::uint16_t encode16(double value, const Format& format) {
  if (std::isnan(value)) return narrow_nan(value, format);
  return static_cast<std::uint16_t>(encode(value, format, false));
}

}  // namespace

float f16_to_f32(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t magnitude = bits & 0x7FFF;
  if (magnitude >= kF16.infinity) return std::bit_cast<float>(sign | 0x7F800000 | ((magnitude & 0x3FF) << 13));
  if (magnitude >= 0x400) return std::bit_cast<float>(sign | ((magnitude << 13) + ((127U - 15U) << 23)));
  const float subnormal = static_cast<float>(magnitude) * 0x1p-24F;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(subnormal));
}

std::uint16_t f32_to_f16(float value) { return encode16(value, kF16); }
std::uint16_t f64_to_f16(double value) { return encode16(value, kF16); }

std::uint16_t f32_to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}
std::uint16_t f64_to_bf16(double value) { return encode16(value, kBF16); }

float decode_small_float(DataType type, std::uint8_t bits) {
  if (type == DataType::kF8E8M0) return decode_e8m0(bits);
  return decode(bits & ((1U << bit_width(type)) - 1), format_of(type));
}

std::uint8_t encode_small_float(DataType type, double value, CastOptions options) {
  if (type == DataType::kF8E8M0) return encode_e8m0(value, options);
  const Format& format = format_of(type);
  return static_cast<std::uint8_t>(encode(value, format, options.saturate || is_finite_only(format)));
}

std::uint8_t get_packed(const std::byte* data, int bits, std::int64_t index) {
  const std::int64_t bit = index * bits;
  const auto shift = static_cast<int>(bit % 8);
  auto codes = std::to_integer<unsigned>(data[bit / 8]);
  if (shift + bits > 8) codes |= std::to_integer<unsigned>(data[bit / 8 + 1]) << 8;
  return static_cast<std::uint8_t>((codes >> shift) & ((1U << bits) - 1));
}

void set_packed(std::byte* data, int bits, std::int64_t index, std::uint8_t code) {
  const std::int64_t bit = index * bits;
  const auto shift = static_cast<int>(bit % 8);
  const unsigned mask = ((1U << bits) - 1) << shift;
  const unsigned placed = (static_cast<unsigned>(code) << shift) & mask;
  const auto merge = [](std::byte& into, unsigned at, unsigned value) {
    into = (into & ~static_cast<std::byte>(at)) | static_cast<std::byte>(value);
  };
  merge(data[bit / 8], mask & 0xFF, placed & 0xFF);
  if (shift + bits > 8) merge(data[bit / 8 + 1], mask >> 8, placed >> 8);
}

}  // namespace bolide
