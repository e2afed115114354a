/// Storage types for the narrow floats and packed integers, and conversions exact to the rounding rules.
///
/// To narrow: round to nearest, ties to even, from f32 or f64 without double rounding. Overflow: f16 and bf16 become
/// infinite; the smaller types saturate to the largest finite value when `saturate`, else become infinity
/// (e5m2) or NaN (the types without infinity), as ONNX Cast-19 says. The 4- and 6-bit types have neither: they always
/// saturate, NaN becomes -0. e8m0 takes the magnitude of negative values; 0 and values below 2^-127 become 2^-127 when
/// `saturate`, else NaN. Source: IEEE 754-2019, ONNX "Float stored in 8 bits" and Cast-19..25, OCP Microscaling
/// Formats 1.0 (e8m0, e2m1, e2m3, e3m2).
#pragma once

#include "tensor/tensor.h"

#include <bit>

namespace bolide {

/// 16-bit storage; arithmetic happens in f32.
struct F16 {
  std::uint16_t bits = 0;
};
struct BF16 {
  std::uint16_t bits = 0;
};
template <>
inline constexpr DataType dtype_of<F16> = DataType::kF16;
template <>
inline constexpr DataType dtype_of<BF16> = DataType::kBF16;

float f16_to_f32(std::uint16_t bits);
std::uint16_t f32_to_f16(float value);
std::uint16_t f64_to_f16(double value);
inline float bf16_to_f32(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
std::uint16_t f32_to_bf16(float value);
std::uint16_t f64_to_bf16(double value);

/// How e8m0 rounds (ONNX Cast-24 round_mode).
enum class ScaleRounding : std::uint8_t { kUp, kDown, kNearest };

struct CastOptions {
  bool saturate = true;
  ScaleRounding scale_rounding = ScaleRounding::kUp;
};

/// One code of an 8-, 6- or 4-bit float type as f32, exactly. `bits` beyond the width are ignored.
float decode_small_float(DataType type, std::uint8_t bits);
/// The code of `type` nearest to `value`.
std::uint8_t encode_small_float(DataType type, double value, CastOptions options = {});

/// Reads element i of packed codes of 2, 4 or 6 bits, and writes one. The codes are one stream of bits, low bits first.
std::uint8_t get_packed(const std::byte* data, int bits, std::int64_t index);
void set_packed(std::byte* data, int bits, std::int64_t index, std::uint8_t code);

/// All elements of `from` converted as ONNX Cast does: float to integer truncates towards zero (out of range wraps as
/// in two's complement; NaN and infinities give 0), anything to bool is "not zero", numbers to string
/// and back use shortest decimal text ("NaN", "INF", "-INF"). The same dtype shares the memory. Errors: InvalidArgument
/// for text that is not a number; Unsupported for complex to real.
Result<Tensor> cast(const Tensor& from, DataType to, CastOptions options = {});

}  // namespace bolide
