/// Fourier transforms of signals. The last axis of a signal holds its real part, or its real and imaginary parts.
#pragma once

#include "ops/op.h"

namespace bolide {

/// The discrete Fourier transform along one axis.
///
/// Inputs   x : any float, [..., 1 or 2]; length : one integer, optional; axis : one integer, optional (then the
/// attribute) Outputs  y : x's dtype; the axis has `length` elements (x is cut or filled with zeros), the last axis two
/// `onesided` gives the first length/2 + 1 elements of the transform of real x. `inverse` and `onesided`: x are those
/// elements of a transform of `length` (2 (n - 1) when left out), and y is real, [..., 1].
/// Errors   Unsupported for transforms of more than 2^22 elements
/// Numerics double
/// Source   ONNX DFT-20
struct DFT {
  bool inverse = false;
  bool onesided = false;
  std::int64_t axis = -2;

  static constexpr OpInfo kInfo{.name = "DFT", .max_inputs = 3};
  static constexpr auto kFields =
      std::tuple{field("inverse", &DFT::inverse), field("onesided", &DFT::onesided), field("axis", &DFT::axis)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Transforms of frames of a signal, one every `step` samples.
///
/// Inputs   signal : any float, [batch, samples, 1 or 2]; step : one integer; window : [frame], real, optional;
///          length : of a frame, one integer, optional (then the window's, then the signal's)
/// Outputs  y : [batch, frames, length, 2], frames = (samples - length) / step + 1; with `onesided`, of real signals
/// only,
///          [batch, frames, length / 2 + 1, 2]
/// Errors   Unsupported for frames of more than 2^22 samples
/// Numerics double
/// Source   ONNX STFT-17
struct STFT {
  bool onesided = true;

  static constexpr OpInfo kInfo{.name = "STFT", .min_inputs = 2, .max_inputs = 4};
  static constexpr auto kFields = std::tuple{field("onesided", &STFT::onesided)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
