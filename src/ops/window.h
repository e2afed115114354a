/// The arithmetic of sliding windows that convolution and pooling share, for any number of spatial dims.
///
/// With span = (kernel - 1) * dilation + 1 and an input padded by `before` and `after`, the output size is
///   explicit, valid           floor((in + before + after - span) / stride) + 1      (valid: no padding)
///   these with ceil_mode      the same rounded up, except that the last window must start inside in + before
///   same_upper, same_lower    ceil(in / stride), padding as needed, the odd one at the end or at the start
/// Source: ONNX Conv-22, MaxPool-22, AveragePool-22.
#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class AutoPad : std::uint8_t { kExplicit, kSameUpper, kSameLower, kValid };
constexpr std::array<std::string_view, 4> enum_names(AutoPad) {
  return {"explicit", "same_upper", "same_lower", "valid"};
}

/// The attributes as written. Empty strides and dilations mean 1, empty pads 0; pads hold all starts, then all ends.
struct WindowAttributes {
  std::span<const std::int64_t> strides;
  std::span<const std::int64_t> pads;
  std::span<const std::int64_t> dilations;
  AutoPad auto_pad = AutoPad::kExplicit;
  bool ceil_mode = false;
};

/// One spatial dim with everything known.
struct WindowAxis {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t after = 0;
};

/// Output sizes of windows over `in`.
/// Errors: InvalidArgument when lengths differ from the number of spatial dims, a stride, dilation or kernel size is
/// not in [1, 2^31), or the window is larger than the padded input; Unsupported for negative padding.
Result<Shape> window_sizes(std::string_view op, const WindowAttributes& attributes,
                           std::span<const std::int64_t> kernel, std::span<const Dim> in);
/// The same with known sizes, and the padding resolved.
Result<std::vector<WindowAxis>> window_axes(std::string_view op, const WindowAttributes& attributes,
                                            std::span<const std::int64_t> kernel, std::span<const std::int64_t> in);

/// The windows of a transposed convolution, where `in` and `out` are those of the transposed operator:
/// out = (in - 1) * stride + output_padding + span - before - after, or in * stride with same_*. Padding may be
/// negative.
Result<Shape> transposed_window_sizes(std::string_view op, const WindowAttributes& attributes,
                                      std::span<const std::int64_t> output_padding,
                                      std::span<const std::int64_t> kernel, std::span<const Dim> in);
Result<std::vector<WindowAxis>> transposed_window_axes(std::string_view op, const WindowAttributes& attributes,
                                                       std::span<const std::int64_t> output_padding,
                                                       std::span<const std::int64_t> kernel,
                                                       std::span<const std::int64_t> in);

}  // namespace bolide
