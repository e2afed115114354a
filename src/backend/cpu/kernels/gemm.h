/// The register tile that carries convolution and matrix multiplication: rows of A by pointers, columns of B in panels.
///
///     out[r][j] = finish(bias[j] + sum over t, i of rows[t * R + r][i] * panel[(t * k + i) * columns + j])
///
/// A row is `taps` pieces of k contiguous elements, each anywhere in memory: the pixels under a convolution kernel, or
/// one piece for a matrix. Products are added in the order of (t, i), with every tile height and column count, so that
/// a result does not depend on how the work was cut.
#pragma once

#include <cstdint>

namespace bolide {

inline constexpr int kMaxTileRows = 14;
inline constexpr int kMaxTileColumns = 32;

/// One tile of f32. The row count R is part of the function.
struct GemmF32Call {
  const float* const* rows = nullptr;  ///< [taps][R]
  std::int64_t taps = 1;
  std::int64_t k = 0;                      ///< floats a piece
  const float* panel = nullptr;            ///< [taps * k][tile columns], zeros beyond the valid columns
  const float* bias = nullptr;             ///< `columns` floats, or null
  const float* const* residual = nullptr;  ///< [R] pointers to `columns` floats added after the sum, or null
  float* const* out = nullptr;             ///< [R] pointers to `columns` floats
  int columns = 0;                         ///< valid ones, 1 .. tile columns
  bool clamp = false;                      ///< at the end: min(max(value, low), high); NaN stays
  float low = 0;
  float high = 0;
};

/// One tile of 8-bit integers with 32-bit sums s[r][j], which start at bias[j]. The row count R is part of the
/// function.
///
/// With `inner_scale`, s becomes min(max(round(s * inner_scale[j] + inner_offset[j]), inner_low), inner_high) first.
/// What is stored, with `scale`:  v = s * scale[j] + offset[j] + residual[r][j] * residual_scale;  v = round(v) + zero
/// if `round_first`;  min(max(v, low), high);  8-bit results are rounded half to even, and low and high are
/// within their range. Without `scale`: s as i32, or s as f32.
struct GemmI8Call {
  enum class Kind : std::uint8_t { kI32, kF32, kU8, kI8 };

  const std::uint8_t* const* rows = nullptr;  ///< [taps][R], u8 or i8 as `is_signed` says
  std::int64_t taps = 1;
  std::int64_t k = 0;                   ///< bytes a piece; exactly these are read
  const std::int8_t* panel = nullptr;   ///< [taps][ceil(k / group)][tile columns][group], zeros beyond
  const std::int32_t* bias = nullptr;   ///< [tile columns]
  bool is_signed = false;               ///< A is i8; see GemmKernels::shifted_sign
  int columns = 0;                      ///< valid ones, 1 .. tile columns
  const float* scale = nullptr;         ///< [tile columns], or null
  const float* offset = nullptr;        ///< [tile columns]
  const float* inner_scale = nullptr;   ///< [tile columns], or null
  const float* inner_offset = nullptr;  ///< [tile columns]
  float inner_low = 0;
  float inner_high = 0;
  const void* const* residual = nullptr;  ///< [R] pointers to `columns` numbers, or null
  Kind residual_kind = Kind::kU8;
  float residual_scale = 1;
  bool round_first = false;
  float zero = 0;
  float low = 0;
  float high = 0;
  Kind kind = Kind::kF32;
  void* const* out = nullptr;  ///< [R] pointers to `columns` results
};

struct GemmKernels {
  using F32 = void (*)(const GemmF32Call&);
  using I8 = void (*)(const GemmI8Call&);

  int rows = 0;               ///< tile height, <= kMaxTileRows
  int columns = 0;            ///< tile width, <= kMaxTileColumns
  int i8_group = 1;           ///< products along k that one lane adds at a time
  bool shifted_sign = false;  ///< signed A is read as A + 128: the caller takes 128 * (sum of the column) off the bias
  F32 f32[kMaxTileRows + 1];  ///< by row count, 1 .. rows; [0] is null
  I8 i8[kMaxTileRows + 1];
  /// The end of an i8 tile for sums that are whole floats, [rows][call.columns]. Needs call.scale.
  void (*requantise)(const GemmI8Call& call, const float* sums, int rows);
};

}  // namespace bolide
