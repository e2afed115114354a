#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class SampleMode : std::uint8_t { kLinear, kNearest, kCubic };
constexpr std::array<std::string_view, 3> enum_names(SampleMode) { return {"linear", "nearest", "cubic"}; }
/// zeros outside; the border repeated; mirrored at the border.
enum class SamplePadding : std::uint8_t { kZeros, kBorder, kReflection };
constexpr std::array<std::string_view, 3> enum_names(SamplePadding) { return {"zeros", "border", "reflection"}; }

/// Reads x at positions that a grid gives.
///
/// Inputs   x : [n, c, in...] with r spatial dims, any real dtype (mode nearest: any dtype); grid : [n, out..., r], any
///          float: positions, last axis of x first, -1 and 1 at the edges of x or with `align_corners` at the centres
///          of its outermost elements
/// Outputs  y : [n, c, out...] of x's dtype; integers truncate
/// Numerics positions in f32 (f64 for f64); sums in double, rounded once, linear ones of f32 in f32; nearest rounds
///          halves to even; cubic has a = -0.75 and repeats the border for each element that it reads. Undefined
///          positions read outside.
/// Source   ONNX GridSample-22
struct GridSample {
  SampleMode mode = SampleMode::kLinear;
  SamplePadding padding_mode = SamplePadding::kZeros;
  bool align_corners = false;

  static constexpr OpInfo kInfo{.name = "GridSample", .min_inputs = 2, .max_inputs = 2};
  static constexpr auto kFields =
      std::tuple{field("mode", &GridSample::mode), field("padding_mode", &GridSample::padding_mode),
                 field("align_corners", &GridSample::align_corners)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
