/// Transposed convolution: every input number adds the kernel, scaled by it, to the output.
///
///   acc[n, o, i * stride - before + t * dilation] += (x[n, c, i] - x_zero) * (w[c, o, t] - w_zero), then bias and
///   epilogue
///
/// Inputs   x : [n, C, spatial...]; w : [C, O / groups, kernel...]; bias : [O], optional; epilogue inputs from index 3
///          on
/// Outputs  y : [n, O, out...], out = (in - 1) * stride + output_padding + (kernel - 1) * dilation + 1 - before -
/// after;
///          with auto_pad same_* in * stride, or what there is without padding where that is less
/// Types, numerics and errors as of Conv. A wanted output size is written as padding, which may be negative.
/// Source   ONNX ConvTranspose-22
#pragma once

#include "ops/window.h"

namespace bolide {

struct ConvTranspose {
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> dilations;
  std::vector<std::int64_t> output_padding;  ///< added at the end of each spatial dim; empty: 0
  std::int64_t groups = 1;
  AutoPad auto_pad = AutoPad::kExplicit;
  std::int64_t x_zero = 0;
  std::int64_t w_zero = 0;
  Expr epilogue;
  DataType out = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "ConvTranspose", .min_inputs = 2, .max_inputs = -1};
  static constexpr auto kFields =
      std::tuple{field("strides", &ConvTranspose::strides),     field("pads", &ConvTranspose::pads),
                 field("dilations", &ConvTranspose::dilations), field("output_padding", &ConvTranspose::output_padding),
                 field("groups", &ConvTranspose::groups),       field("auto_pad", &ConvTranspose::auto_pad),
                 field("x_zero", &ConvTranspose::x_zero),       field("w_zero", &ConvTranspose::w_zero),
                 field("epilogue", &ConvTranspose::epilogue),   field("out", &ConvTranspose::out)};

  WindowAttributes window() const { return {strides, pads, dilations, auto_pad, false}; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
