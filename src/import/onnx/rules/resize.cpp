#include "ops/resize.h"

#include "import/onnx/rules/all.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

Result<ResizeMode> mode_of(OnnxNodeView& node) {
  const std::string mode = node.text("mode", "nearest");
  if (mode == "nearest") return ResizeMode::kNearest;
  if (mode == "linear" || mode == "bilinear") return ResizeMode::kLinear;
  if (mode == "cubic") return ResizeMode::kCubic;
  return invalid_argument("attribute 'mode' is '", mode, "', which is none of nearest, linear and cubic");
}

template <class E>
Result<E> spelled(std::string_view attribute, const std::string& text) {
  constexpr auto kNames = enum_names(E{});
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found != kNames.end()) return static_cast<E>(found - kNames.begin());
  std::string known;
  for (const std::string_view name : kNames) known += strings::join(known.empty() ? "" : ", ", name);
  return unsupported("attribute '", attribute, "' is '", text, "'; known are ", known);
}

/// Upsample and the first Resize read at i / scale: the pixel before it, or where an axis shrinks the one after it.
Result<Values> upsample(OnnxNodeView& node, Builder& build, ValueId scales) {
  const bool may_shrink = node.op_type() == "Resize";
  Resize resize{.coordinates = ResizeCoordinates::kAsymmetric,
                .nearest_mode = may_shrink ? ResizeNearest::kCeilWhenShrinking : ResizeNearest::kFloor};
  TRY(resize.mode, mode_of(node));
  TRY(const ValueId y, build.add(resize, {node.in(0), kNoValue, scales}));
  return Values{y};
}

}  // namespace

/// ONNX Upsample, operator sets 1 to 8: scales are attributes (of height and width only in 1).
Result<Values> import_upsample_7(OnnxNodeView& node, Builder& build) {
  std::vector<float> scales = node.numbers("scales");
  if (node.has("height_scale")) scales = {1, 1, node.number("height_scale", 1), node.number("width_scale", 1)};
  return upsample(node, build, build.constant("scales", Tensor::of<float>(scales)));
}

/// ONNX Upsample-9 and Resize-10: scales are an input.
Result<Values> import_upsample_9(OnnxNodeView& node, Builder& build) { return upsample(node, build, node.in(1)); }

/// ONNX Resize, operator set 11 and later; inputs X, roi, scales, sizes, of which empty ones count as left out.
Result<Values> import_resize(OnnxNodeView& node, Builder& build) {
  Resize resize{.cubic_coeff_a = node.number("cubic_coeff_a", -0.75F),
                .exclude_outside = node.flag("exclude_outside"),
                .extrapolation_value = node.number("extrapolation_value", 0),
                .antialias = node.flag("antialias"),
                .axes = node.integers("axes")};
  TRY(resize.mode, mode_of(node));
  TRY(resize.nearest_mode, spelled<ResizeNearest>("nearest_mode", node.text("nearest_mode", "round_prefer_floor")));
  TRY(resize.aspect,
      spelled<ResizeAspect>("keep_aspect_ratio_policy", node.text("keep_aspect_ratio_policy", "stretch")));
  const std::string coordinates = node.text("coordinate_transformation_mode", "half_pixel");
  if (coordinates == "tf_half_pixel_for_nn" && resize.nearest_mode == ResizeNearest::kFloor) {
    // floor((i + 0.5) / scale), which is (i + 0.5) / scale - 0.5 rounded with halves up.
    resize.nearest_mode = ResizeNearest::kRoundPreferCeil;
  } else {
    TRY(resize.coordinates, spelled<ResizeCoordinates>("coordinate_transformation_mode", coordinates));
  }
  Values inputs = {node.in(0), node.in(1), node.in(2), node.in(3)};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const bool empty = node.has_input(i) && element_count(node.shape(i)) == Dim(0);
    if (empty || (i == 1 && resize.coordinates != ResizeCoordinates::kTfCropAndResize)) inputs[i] = kNoValue;
  }
  while (inputs.back() == kNoValue && inputs.size() > 1) inputs.pop_back();
  TRY(const ValueId y, build.add(std::move(resize), std::move(inputs)));
  return Values{y};
}

}  // namespace bolide::onnx
