#pragma once

#include "ops/window.h"

namespace bolide {

/// Blocks of pixels added up where they overlap, the inverse arrangement of a convolution's columns.
///
/// Inputs   x : [n, c * taps, blocks], any real dtype; image_shape and block_shape (i64): the sizes of the picture and
/// of
///          a block, whose product is `taps`; blocks in row-major order
/// Outputs  y : [n, c, image...]; what falls into the padding is lost. Sums in the compute type
/// Source   ONNX Col2Im-18
struct Col2Im {
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> dilations;

  static constexpr OpInfo kInfo{.name = "Col2Im", .min_inputs = 3, .max_inputs = 3};
  static constexpr auto kFields = std::tuple{field("strides", &Col2Im::strides), field("pads", &Col2Im::pads),
                                             field("dilations", &Col2Im::dilations)};

  WindowAttributes window() const { return {strides, pads, dilations, AutoPad::kExplicit, false}; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
