#pragma once

#include "ops/window.h"

namespace bolide {

/// A convolution whose kernel taps are moved by offsets, which differ for each output position:
///
///   y[n, o, p] = bias[o] + sum over c, k of w[o, c, k] * mask[n, g, k, p] * x(n, c, p * stride - pad + k * dilation +
///                offset[n, g, k, :, p])
///
/// Inputs   x : [n, c, in...], any float; w : [o, c / groups, kernel...]; offset : [n, offset_groups * taps * r,
/// out...]
///          for r spatial dims; bias : [o], optional; mask : [n, offset_groups * taps, out...], optional
/// Outputs  y : [n, o, out...]; x between elements is linear, 0 outside
/// Numerics in double, rounded once
/// Source   ONNX DeformConv-22, Dai et al. 2017, Zhu et al. 2018
struct DeformConv {
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> dilations;
  std::int64_t groups = 1;
  std::int64_t offset_groups = 1;

  static constexpr OpInfo kInfo{.name = "DeformConv", .min_inputs = 3, .max_inputs = 5};
  static constexpr auto kFields =
      std::tuple{field("strides", &DeformConv::strides), field("pads", &DeformConv::pads),
                 field("dilations", &DeformConv::dilations), field("groups", &DeformConv::groups),
                 field("offset_groups", &DeformConv::offset_groups)};

  WindowAttributes window() const { return {strides, pads, dilations, AutoPad::kExplicit, false}; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
