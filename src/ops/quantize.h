/// Between real numbers and integers (or narrow floats) of a scale and a zero point.
///
/// scale and zero are one number for all of x ([] or [1]); or one a slice of `axis` ([x.dims[axis]]); or, with
/// block_size, one a block of that many neighbours along `axis` (rank of x, ceil(size / block_size) on the axis).
/// Source: ONNX QuantizeLinear-25, DequantizeLinear-25, DynamicQuantizeLinear-11.
#pragma once

#include "ops/op.h"

namespace bolide {

/// y = saturate(round_half_even(x / scale) + zero).
///
/// Inputs   x : any float or i32; scale : any float; zero : `out`, optional
/// Outputs  y : `out`, an integer of up to 16 bits or a float of up to 8 bits; x's shape
/// Numerics the quotient is rounded to f32 (f64 for f64 x); narrow floats are rounded by CastOptions{saturate};
///          the code of NaN is 0 (passes that fuse a pair of this and DequantizeLinear keep NaN instead)
struct QuantizeLinear {
  std::int64_t axis = 1;
  std::int64_t block_size = 0;
  bool saturate = true;  ///< of 8-bit floats only
  DataType out = DataType::kU8;

  static constexpr OpInfo kInfo{.name = "QuantizeLinear", .min_inputs = 2, .max_inputs = 3};
  static constexpr auto kFields =
      std::tuple{field("axis", &QuantizeLinear::axis), field("block_size", &QuantizeLinear::block_size),
                 field("saturate", &QuantizeLinear::saturate), field("out", &QuantizeLinear::out)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// y = (x - zero) * scale.
///
/// Inputs   x : an integer of up to 32 bits or a float of up to 8 bits; scale : any float; zero : x's dtype, optional
/// Outputs  y : `out`, a float; x's shape
/// Numerics the difference is exact, the product rounded to f32 (f64 for f64 scale), then to `out`
struct DequantizeLinear {
  std::int64_t axis = 1;
  std::int64_t block_size = 0;
  DataType out = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "DequantizeLinear", .min_inputs = 2, .max_inputs = 3};
  static constexpr auto kFields =
      std::tuple{field("axis", &DequantizeLinear::axis), field("block_size", &DequantizeLinear::block_size),
                 field("out", &DequantizeLinear::out)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Quantizes f32 x to u8 by the range of x and 0; outputs y, scale (f32 scalar), zero (u8 scalar).
/// The scale is (max - min) / 255 in f32, or 1 when x is all zero.
struct DynamicQuantizeLinear {
  static constexpr OpInfo kInfo{.name = "DynamicQuantizeLinear", .outputs = 3};
  static constexpr auto kFields = std::tuple{};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
