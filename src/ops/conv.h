/// Convolution over any number of spatial dims, with the elementwise work that follows it.
///
///   acc[n, o, p] = bias[o] + sum over c, t of (x[n, group(o) * C/g + c, p * stride - before + t * dilation] - x_zero)
///                                           * (w[o, c, t] - w_zero)
///   y = epilogue(acc, extra inputs)
///
/// Inputs   x : [n, C, spatial...]; w : [O, C / groups, kernel...] with constant kernel sizes; bias : [O], optional;
///          from index 3 on the inputs x1, x2, ... of the epilogue, which broadcast to y
///          x and w are of one float type, or both integers of up to 8 bits (bias is then i32)
/// Outputs  y : [n, O, out...] of dtype `out`; sizes as in window.h
/// Numerics floats are summed in double, integers exactly (i32 results wrap). Padding adds nothing. Without an epilogue
///          acc is converted to `out`; with one, x0 = acc as f32 (f64 when x is), arithmetic in that type, and the
///          result is stored as `out`: integers round to nearest even and saturate.
/// Errors   InvalidArgument for sizes that do not fit together; Unsupported for other dtypes
/// Source   ONNX Conv-22, ConvInteger-10, QLinearConv-10
#pragma once

#include "ops/window.h"

namespace bolide {

struct Conv {
  std::vector<std::int64_t> strides;    ///< one a spatial dim; empty: 1
  std::vector<std::int64_t> pads;       ///< all starts, then all ends; empty: 0
  std::vector<std::int64_t> dilations;  ///< empty: 1
  std::int64_t groups = 1;
  AutoPad auto_pad = AutoPad::kExplicit;
  std::int64_t x_zero = 0;
  std::int64_t w_zero = 0;
  Expr epilogue;
  DataType out = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "Conv", .min_inputs = 2, .max_inputs = -1};
  static constexpr auto kFields = std::tuple{
      field("strides", &Conv::strides), field("pads", &Conv::pads),         field("dilations", &Conv::dilations),
      field("groups", &Conv::groups),   field("auto_pad", &Conv::auto_pad), field("x_zero", &Conv::x_zero),
      field("w_zero", &Conv::w_zero),   field("epilogue", &Conv::epilogue), field("out", &Conv::out)};

  WindowAttributes window() const { return {strides, pads, dilations, auto_pad, false}; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
