/// Pooling over boxes of a picture.
///
/// Inputs   x : [n, c, h, w], any float; boxes in pixels / spatial_scale, of x's dtype
/// Outputs  y : [boxes, c, height, width] of x's dtype
/// Numerics in double, rounded once. Errors: InvalidArgument for a batch index outside of x
#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class RoiMode : std::uint8_t { kAverage, kMax };
constexpr std::array<std::string_view, 2> enum_names(RoiMode) { return {"avg", "max"}; }

/// Inputs x, boxes [boxes, 4] of {x1, y1, x2, y2}, batch_indices [boxes] (integers). Each bin averages samples between
/// pixels, sampling_ratio^2 of them, or one a pixel when that is 0; samples more than 1 outside of x are 0. `max` takes
/// the largest weighted neighbour. half_pixel moves boxes by half a pixel; without, boxes are at least 1 wide and high.
/// Source: ONNX RoiAlign-22, He et al. 2017.
struct RoiAlign {
  RoiMode mode = RoiMode::kAverage;
  bool half_pixel = true;
  std::int64_t output_height = 1;
  std::int64_t output_width = 1;
  std::int64_t sampling_ratio = 0;
  float spatial_scale = 1;
  static constexpr OpInfo kInfo{.name = "RoiAlign", .min_inputs = 3, .max_inputs = 3};
  static constexpr auto kFields = std::tuple{field("mode", &RoiAlign::mode),
                                             field("half_pixel", &RoiAlign::half_pixel),
                                             field("output_height", &RoiAlign::output_height),
                                             field("output_width", &RoiAlign::output_width),
                                             field("sampling_ratio", &RoiAlign::sampling_ratio),
                                             field("spatial_scale", &RoiAlign::spatial_scale)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Inputs x, boxes [boxes, 5] of {batch, x1, y1, x2, y2}. Corners round to pixels; each bin takes the largest of the
/// pixels that it touches, 0 when it lies outside. Source: ONNX MaxRoiPool-22, Girshick 2015.
struct MaxRoiPool {
  std::vector<std::int64_t> pooled_shape;
  float spatial_scale = 1;
  static constexpr OpInfo kInfo{.name = "MaxRoiPool", .min_inputs = 2, .max_inputs = 2};
  static constexpr auto kFields =
      std::tuple{field("pooled_shape", &MaxRoiPool::pooled_shape), field("spatial_scale", &MaxRoiPool::spatial_scale)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
