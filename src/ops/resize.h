/// Samples x at other sizes: nearest, linear or cubic, one axis after the other.
///
/// Inputs   x : any dtype, strings in mode nearest only; roi : floats, starts then ends of the resized axes, for
/// tf_crop_and_resize only;
///          scales : floats, one a resized axis; sizes : integers, one a resized axis. Exactly one of scales and sizes.
/// Outputs  y : x's dtype; the size of an axis is floor(in * scale), or what `sizes` says under the aspect policy
/// A scale within f32 rounding of a fraction p/q with q <= 32 counts as that fraction, for known and named sizes alike.
/// Numerics in double, rounded once; integers round to nearest even and saturate
/// Errors   InvalidArgument for sizes or counts that do not fit
/// Source   ONNX Resize-19
#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class ResizeMode : std::uint8_t { kNearest, kLinear, kCubic };
constexpr std::array<std::string_view, 3> enum_names(ResizeMode) { return {"nearest", "linear", "cubic"}; }

/// Where output i reads, with `scale` = out / in.
enum class ResizeCoordinates : std::uint8_t {
  kHalfPixel,           ///< (i + 0.5) / scale - 0.5
  kHalfPixelSymmetric,  ///< the same about the middle, when in * scale is not whole
  kPytorchHalfPixel,    ///< half_pixel, but 0 when out is 1
  kAlignCorners,        ///< i * (in - 1) / (in * scale - 1)
  kAsymmetric,          ///< i / scale
  kTfCropAndResize,     ///< align_corners within roi; beyond x reads extrapolation_value
  kTfHalfPixelForNn,    ///< (i + 0.5) / scale
};
constexpr std::array<std::string_view, 7> enum_names(ResizeCoordinates) {
  return {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",  "align_corners",
          "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn"};
}

enum class ResizeNearest : std::uint8_t { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil, kCeilWhenShrinking };
constexpr std::array<std::string_view, 5> enum_names(ResizeNearest) {
  return {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "ceil_when_shrinking"};
}

/// How `sizes` binds: exactly, or as bounds with one common scale.
enum class ResizeAspect : std::uint8_t { kStretch, kNotLarger, kNotSmaller };
constexpr std::array<std::string_view, 3> enum_names(ResizeAspect) { return {"stretch", "not_larger", "not_smaller"}; }

struct Resize {
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  ResizeNearest nearest_mode = ResizeNearest::kRoundPreferFloor;
  float cubic_coeff_a = -0.75F;
  bool exclude_outside = false;  ///< weights beyond x become 0 and the others are scaled up
  float extrapolation_value = 0;
  bool antialias = false;          ///< widen the filter when shrinking (linear and cubic)
  std::vector<std::int64_t> axes;  ///< empty: all
  ResizeAspect aspect = ResizeAspect::kStretch;

  static constexpr OpInfo kInfo{.name = "Resize", .max_inputs = 4};
  static constexpr auto kFields = std::tuple{field("mode", &Resize::mode),
                                             field("coordinates", &Resize::coordinates),
                                             field("nearest_mode", &Resize::nearest_mode),
                                             field("cubic_coeff_a", &Resize::cubic_coeff_a),
                                             field("exclude_outside", &Resize::exclude_outside),
                                             field("extrapolation_value", &Resize::extrapolation_value),
                                             field("antialias", &Resize::antialias),
                                             field("axes", &Resize::axes),
                                             field("aspect", &Resize::aspect)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Which numbers of a line of x, with what weights, make one of the resized line.
struct ResizeTaps {
  bool outside = false;  ///< reads extrapolation_value instead
  std::vector<std::pair<std::int64_t, double>> weights;
};
/// One axis that changes; an entry of `taps` for each position of the result.
struct ResizeAxis {
  std::size_t axis = 0;
  std::vector<ResizeTaps> taps;
};
/// The axes to resize one after the other, for a result of sizes `out`. The context knows x's type and the values of
/// the other inputs. Errors: as inference; InvalidArgument for NaN in roi or scales.
Result<std::vector<ResizeAxis>> resize_axes(const Resize& op, const InferContext& context, const Dims& out);

}  // namespace bolide
