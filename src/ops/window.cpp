#include "ops/window.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::int64_t kLimit = INT64_C(1) << 31;

bool is_same(AutoPad pad) { return pad == AutoPad::kSameUpper || pad == AutoPad::kSameLower; }

Status check_list(std::string_view op, std::string_view what, std::span<const std::int64_t> values, std::size_t count,
                  std::int64_t least) {
  if (values.size() != count) {
    return invalid_argument(op, ": ", what, " has ", values.size(), " numbers, expected ", count);
  }
  for (const std::int64_t value : values) {
    if (value < least || value >= kLimit) {
      return invalid_argument(op, ": ", what, " ", values, " must be between ", least, " and ", kLimit - 1);
    }
  }
  return ok();
}

Status check(std::string_view op, const WindowAttributes& a, std::span<const std::int64_t> kernel, std::size_t rank,
             bool transposed) {
  TRY_OK(check_list(op, "kernel", kernel, rank, 1));
  if (!a.strides.empty()) TRY_OK(check_list(op, "strides", a.strides, rank, 1));
  if (!a.dilations.empty()) TRY_OK(check_list(op, "dilations", a.dilations, rank, 1));
  if (a.pads.empty()) return ok();
  TRY_OK(check_list(op, "pads", a.pads, 2 * rank, -kLimit + 1));
  if (!transposed && std::ranges::any_of(a.pads, [](std::int64_t pad) { return pad < 0; })) {
    return unsupported(op, ": pads ", a.pads, " are negative; slice the input instead");
  }
  return ok();
}

/// Axis i without `in`, `out` and automatic padding.
WindowAxis axis_at(const WindowAttributes& a, std::span<const std::int64_t> kernel, std::size_t i) {
  WindowAxis axis;
  axis.kernel = kernel[i];
  if (!a.strides.empty()) axis.stride = a.strides[i];
  if (!a.dilations.empty()) axis.dilation = a.dilations[i];
  if (!a.pads.empty() && a.auto_pad == AutoPad::kExplicit) {
    axis.before = a.pads[i];
    axis.after = a.pads[kernel.size() + i];
  }
  return axis;
}

/// Below 2^62, as both factors are below 2^31.
std::int64_t span_of(const WindowAxis& axis) { return (axis.kernel - 1) * axis.dilation + 1; }

void split_padding(std::int64_t total, AutoPad pad, WindowAxis& axis) {
  axis.before = pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
  axis.after = total - axis.before;
}

Result<Dims> known(const Shape& shape) {
  std::optional<Dims> dims = constant_dims(shape);
  if (!dims) return internal_error("window sizes are not known");
  return *std::move(dims);
}

}  // namespace

Result<Shape> window_sizes(std::string_view op, const WindowAttributes& attributes,
                           std::span<const std::int64_t> kernel, std::span<const Dim> in) {
  TRY_OK(check(op, attributes, kernel, in.size(), false));
  Shape out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const WindowAxis axis = axis_at(attributes, kernel, i);
    if (is_same(attributes.auto_pad)) {
      out.push_back(in[i].ceil_div(axis.stride));
      continue;
    }
    const std::int64_t span = span_of(axis);
    const Dim room = in[i] + Dim(axis.before + axis.after) - Dim(span);
    const bool ceil = attributes.ceil_mode;
    // Rounded up, a window that starts inside counts, also the first.
    const std::int64_t least = ceil ? 1 - std::min(axis.stride, span) : 0;
    if (const auto constant = room.constant(); constant && *constant < least) {
      return invalid_argument(op, ": a window of ", span, " (kernel ", axis.kernel, ", dilation ", axis.dilation,
                              ") is larger than the padded input ", in[i], "+", axis.before, "+", axis.after);
    }
    if (!ceil) {
      out.push_back(room.floor_div(axis.stride) + 1);
    } else if (axis.stride + axis.after <= span) {  // the last window always starts inside
      out.push_back(room.ceil_div(axis.stride) + 1);
    } else {
      out.push_back((in[i] + Dim(axis.before)).ceil_div(axis.stride));
    }
  }
  return out;
}

Result<std::vector<WindowAxis>> window_axes(std::string_view op, const WindowAttributes& attributes,
                                            std::span<const std::int64_t> kernel, std::span<const std::int64_t> in) {
  TRY(const Shape sizes, window_sizes(op, attributes, kernel, to_shape(in)));
  TRY(const Dims out, known(sizes));
  std::vector<WindowAxis> axes;
  for (std::size_t i = 0; i < in.size(); ++i) {
    WindowAxis axis = axis_at(attributes, kernel, i);
    axis.in = in[i];
    axis.out = out[i];
    if (is_same(attributes.auto_pad)) {
      const std::int64_t total = (axis.out - 1) * axis.stride + span_of(axis) - axis.in;
      split_padding(std::max<std::int64_t>(0, total), attributes.auto_pad, axis);
    }
    axes.push_back(axis);
  }
  return axes;
}

Result<Shape> transposed_window_sizes(std::string_view op, const WindowAttributes& attributes,
                                      std::span<const std::int64_t> output_padding,
                                      std::span<const std::int64_t> kernel, std::span<const Dim> in) {
  TRY_OK(check(op, attributes, kernel, in.size(), true));
  if (!output_padding.empty()) TRY_OK(check_list(op, "output_padding", output_padding, in.size(), 0));
  Shape out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const WindowAxis axis = axis_at(attributes, kernel, i);
    const std::int64_t extra = output_padding.empty() ? 0 : output_padding[i];
    const std::int64_t added = extra + span_of(axis);  // by the last position; less than a stride is never filled up
    Dim size = is_same(attributes.auto_pad) && added >= axis.stride
                   ? in[i] * Dim(axis.stride)
                   : (in[i] - 1) * Dim(axis.stride) + Dim(added - axis.before - axis.after);
    if (const auto constant = size.constant(); constant && *constant < 0) {
      return invalid_argument(op, ": padding ", axis.before, "+", axis.after, " leaves no output of input ", in[i]);
    }
    out.push_back(std::move(size));
  }
  return out;
}

Result<std::vector<WindowAxis>> transposed_window_axes(std::string_view op, const WindowAttributes& attributes,
                                                       std::span<const std::int64_t> output_padding,
                                                       std::span<const std::int64_t> kernel,
                                                       std::span<const std::int64_t> in) {
  TRY(const Shape sizes, transposed_window_sizes(op, attributes, output_padding, kernel, to_shape(in)));
  TRY(const Dims out, known(sizes));
  std::vector<WindowAxis> axes;
  for (std::size_t i = 0; i < in.size(); ++i) {
    WindowAxis axis = axis_at(attributes, kernel, i);
    axis.in = in[i];
    axis.out = out[i];
    if (is_same(attributes.auto_pad)) {
      const std::int64_t extra = output_padding.empty() ? 0 : output_padding[i];
      split_padding((axis.in - 1) * axis.stride + extra + span_of(axis) - axis.out, attributes.auto_pad, axis);
    }
    axes.push_back(axis);
  }
  return axes;
}

}  // namespace bolide
