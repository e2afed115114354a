#include "ops/conv.h"

#include "import/onnx/rules/activation.h"
#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/window.h"
#include "ops/arithmetic.h"
#include "ops/cast.h"
#include "ops/conv_transpose.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/slice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace bolide::onnx {

Result<Window> window_of(OnnxNodeView& node) {
  Window out{
      .strides = node.integers("strides"), .pads = node.integers("pads"), .dilations = node.integers("dilations")};
  const std::string text = node.text("auto_pad", "NOTSET");
  if (text == "SAME_UPPER") {
    out.auto_pad = AutoPad::kSameUpper;
  } else if (text == "SAME_LOWER") {
    out.auto_pad = AutoPad::kSameLower;
  } else if (text == "VALID") {
    out.auto_pad = AutoPad::kValid;
  } else if (!text.empty() && text != "NOTSET") {
    return invalid_argument("attribute 'auto_pad' is '", text,
                            "', which is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID");
  }
  if (out.auto_pad != AutoPad::kExplicit) out.pads.clear();
  return out;
}

namespace {

/// The sizes of the kernel stand in the weights; the attribute may only repeat them.
Status check_kernel(OnnxNodeView& node) {
  const Dims kernel = node.integers("kernel_shape");
  if (kernel.empty() || !node.has_input(1)) return ok();
  const Shape& weights = node.shape(1);
  bool same = weights.size() == kernel.size() + 2;
  for (std::size_t i = 0; same && i < kernel.size(); ++i) {
    same = !weights[i + 2].is_constant() || weights[i + 2] == Dim(kernel[i]);
  }
  if (same) return ok();
  return invalid_argument("attribute 'kernel_shape' is ", kernel, ", and the weights are ", node.type(1));
}

Result<std::int64_t> zero_point(const OnnxNodeView& node, std::size_t index, std::string_view what) {
  if (!node.has_input(index)) return 0;
  TRY(const Dims zeros, node.integers_of(index, what));
  if (zeros.empty()) return bad_file("input ", index, " (", what, ") is empty");
  if (std::any_of(zeros.begin(), zeros.end(), [&](std::int64_t z) { return z != zeros[0]; })) {
    return unsupported("input ", index, " (", what, ") differs between channels; one zero point works");
  }
  return zeros[0];
}

Result<Conv> conv_of(OnnxNodeView& node) {
  TRY_OK(check_kernel(node));
  TRY(Window window, window_of(node));
  return Conv{.strides = std::move(window.strides),
              .pads = std::move(window.pads),
              .dilations = std::move(window.dilations),
              .groups = node.integer("group", 1),
              .auto_pad = window.auto_pad};
}

}  // namespace

/// ONNX Conv: inputs X, W and optionally B.
Result<Values> import_conv(OnnxNodeView& node, Builder& build) {
  TRY(Conv conv, conv_of(node));
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  conv.out = node.dtype(0);
  TRY(const ValueId y, build.add(std::move(conv), node.inputs()));
  return Values{y};
}

namespace {

/// f32, where every partial sum of products with the weights is a whole number that f32 holds; else f64. Inputs are of
/// 8 bits.
DataType sum_type(const Tensor* weights, const Result<std::int64_t>& zero) {
  constexpr double kMost = 16777216;  // 2^24
  if (weights == nullptr || !zero || weights->rank() < 1 || weights->dims()[0] == 0) return DataType::kF64;
  const Result<std::vector<double>> codes = to_f64(*weights);
  if (!codes) return DataType::kF64;
  const std::size_t each = codes->size() / static_cast<std::size_t>(weights->dims()[0]);
  double sum = 0;
  for (std::size_t i = 0; i < codes->size(); ++i) {
    if (i % each == 0) sum = 0;
    sum += 255 * std::abs((*codes)[i] - static_cast<double>(*zero));
    if (sum > kMost) return DataType::kF64;
  }
  return DataType::kF32;
}

}  // namespace

/// ONNX ConvInteger: inputs x, w, and optionally their zero points; i32. Zero points that are computed, or differ
/// between channels, are subtracted in f32 or f64, where every sum is exact.
Result<Values> import_conv_integer(OnnxNodeView& node, Builder& build) {
  TRY(Conv conv, conv_of(node));
  const Result<std::int64_t> x_zero = zero_point(node, 2, "x_zero_point");
  const Result<std::int64_t> w_zero = zero_point(node, 3, "w_zero_point");
  if (x_zero && w_zero) {
    conv.x_zero = *x_zero;
    conv.w_zero = *w_zero;
    conv.out = DataType::kI32;
    TRY(const ValueId y, build.add(std::move(conv), {node.in(0), node.in(1)}));
    return Values{y};
  }
  const DataType sums_in = sum_type(node.constant(1), w_zero);
  std::array<ValueId, 2> centred = {kNoValue, kNoValue};
  for (std::size_t i = 0; i < 2; ++i) {
    TRY(centred.at(i), build.add(Cast{.to = sums_in}, {node.in(i)}));
    if (!node.has_input(i + 2)) continue;
    TRY(ValueId zero, build.add(Cast{.to = sums_in}, {node.in(i + 2)}));
    if (i == 1 && build.rank(zero) == 1) {  // one an output channel
      Dims axes(static_cast<std::size_t>(std::max<std::int64_t>(node.rank(1) - 1, 0)));
      std::iota(axes.begin(), axes.end(), 1);
      TRY(zero, build.add(Unsqueeze{.axes = axes}, {zero}));
    }
    TRY(centred.at(i), build.add(Sub{}, {centred.at(i), zero}));
  }
  conv.out = sums_in;
  TRY(const ValueId sums, build.add(std::move(conv), {centred[0], centred[1]}));
  TRY(const ValueId y, build.add(Cast{.to = DataType::kI32}, {sums}));
  return Values{y};
}

/// FusedConv of com.microsoft: activation(Conv(X, W, B) + Z). NhwcConv and NhwcFusedConv: the same with the channels of
/// X, Y and Z as the last axis.
Result<Values> import_fused_conv(OnnxNodeView& node, Builder& build) {
  TRY(Conv conv, conv_of(node));
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  conv.out = node.dtype(0);
  const bool channels_last = node.op_type().starts_with("Nhwc");
  Formula f(build);
  const auto planes = [&](ValueId value) { return channels_last ? f.move_axis(value, -1, 1) : value; };
  Values inputs = {planes(node.in(0)), node.in(1)};
  if (node.has_input(2)) inputs.push_back(node.in(2));
  ValueId y = f.op(std::move(conv), std::move(inputs));
  if (node.has_input(3)) y = f.add(y, planes(node.in(3)));
  TRY_OK(f.status());
  TRY(y, add_activation(build, node.text("activation", ""), node.numbers("activation_params"), y));
  return f.result({channels_last ? f.move_axis(y, 1, -1) : y});
}

namespace {

/// What the attribute `output_shape` asks of one axis: the convolution without padding gives
/// stride * (in - 1) + longest numbers, of which `wanted` are kept.
struct WantedAxis {
  std::int64_t stride = 1;
  std::int64_t longest = 1;  ///< output_padding + (kernel - 1) * dilation + 1
  std::int64_t wanted = 0;
};

constexpr std::int64_t kMostSize = INT64_C(1) << 31;  // of windows and of what they go over

Result<std::vector<WantedAxis>> wanted_axes(const OnnxNodeView& node, const ConvTranspose& conv, const Dims& wanted) {
  const auto weights = constant_dims(node.shape(1));
  if (!weights) {
    return unsupported("attribute 'output_shape' with the weights ", node.type(1), "; their sizes must be numbers");
  }
  const std::size_t spatial = node.rank(0) < 2 ? 0 : static_cast<std::size_t>(node.rank(0)) - 2;
  if (spatial == 0 || weights->size() != spatial + 2 || wanted.size() < spatial) {
    return invalid_argument("attribute 'output_shape' is ", wanted, " for the input ", node.type(0));
  }
  const auto at = [](const Dims& list, std::size_t i, std::int64_t fallback) {
    return i < list.size() ? list[i] : fallback;
  };
  std::vector<WantedAxis> out;
  for (std::size_t i = 0; i < spatial; ++i) {
    const Dim size = node.shape(0)[i + 2];
    for (const std::int64_t number : {(*weights)[i + 2], at(conv.dilations, i, 1), at(conv.strides, i, 1),
                                      at(conv.output_padding, i, 0), size.constant().value_or(0)}) {
      if (number < 0 || number > kMostSize) {
        return invalid_argument("attribute 'output_shape' of a window with ", number, " along axis ", i + 2);
      }
    }
    const std::int64_t span = ((*weights)[i + 2] - 1) * at(conv.dilations, i, 1) + 1;
    out.push_back({.stride = at(conv.strides, i, 1),
                   .longest = at(conv.output_padding, i, 0) + span,
                   .wanted = wanted[wanted.size() - spatial + i]});
    if (out.back().wanted < 1 || out.back().wanted > kMostSize) {
      return invalid_argument("attribute 'output_shape' is ", wanted);
    }
  }
  return out;
}

/// The total as padding of the convolution, for sizes that are numbers.
Dims padding_of(const std::vector<WantedAxis>& axes, const Dims& in, bool upper) {
  Dims pads(2 * axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t total = axes[i].stride * (in[i] - 1) + axes[i].longest - axes[i].wanted;
    const std::int64_t half = std::max<std::int64_t>(0, total) / 2;
    pads[i] = upper ? half : std::max<std::int64_t>(0, total) - half;
    pads[i + axes.size()] = total - pads[i];
  }
  return pads;
}

/// The same where a size has a name: the whole result, zeros behind it where it is too short, and of that a slice; the
/// bias comes last, since it stands in what is added, too.
Result<Values> crop_to_wanted(OnnxNodeView& node, Builder& build, ConvTranspose conv,
                              const std::vector<WantedAxis>& axes, bool upper) {
  Formula f(build);
  const auto integer = [&](std::int64_t value) { return f.number(DataType::kI64, static_cast<double>(value)); };
  const auto list = [&](ValueId value) { return f.unsqueeze(value, {0}); };
  Values begins, lacks, ends;
  Dims at;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    at.push_back(static_cast<std::int64_t>(i) + 2);
    const ValueId size = f.add(f.mul(f.size(node.in(0), at.back()), static_cast<double>(axes[i].stride)),
                               static_cast<double>(axes[i].longest - axes[i].stride));
    const ValueId total = f.add(size, -static_cast<double>(axes[i].wanted));
    const ValueId least = f.op(Max{}, {total, integer(0)});
    const ValueId half = f.div(least, integer(2));
    const ValueId begin = upper ? half : f.sub(least, half);
    begins.push_back(list(begin));
    ends.push_back(list(f.add(begin, static_cast<double>(axes[i].wanted))));
    lacks.push_back(list(f.sub(least, total)));
  }
  conv.pads.clear();
  const ValueId whole = f.op(conv, {node.in(0), node.in(1)});
  Values pads(axes.size(), list(integer(0)));
  pads.insert(pads.end(), lacks.begin(), lacks.end());
  const ValueId long_enough = f.op(Pad{}, {whole, f.concat(pads, 0), kNoValue, f.integers(at)});
  const ValueId part = f.op(Slice{}, {long_enough, f.concat(begins, 0), f.concat(ends, 0), f.integers(at)});
  Dims sizes = {0, 0};
  Dims per_channel = {-1};
  for (const WantedAxis& axis : axes) {
    sizes.push_back(axis.wanted);
    per_channel.push_back(1);
  }
  const ValueId y = f.reshape(part, sizes);
  return f.result({node.has_input(2) ? f.add(y, f.reshape(node.in(2), per_channel)) : y});
}

}  // namespace

/// ONNX ConvTranspose. `output_shape` is met by padding:
///   total = stride * (in - 1) + output_padding + (kernel - 1) * dilation + 1 - output_shape
/// half of it (rounded down) at the start for SAME_UPPER, else at the end. A negative total is at the end alone, as in
/// ONNX's own evaluation.
Result<Values> import_conv_transpose(OnnxNodeView& node, Builder& build) {
  TRY_OK(check_kernel(node));
  TRY(Window window, window_of(node));
  ConvTranspose conv{.strides = std::move(window.strides),
                     .pads = std::move(window.pads),
                     .dilations = std::move(window.dilations),
                     .output_padding = node.integers("output_padding"),
                     .groups = node.integer("group", 1),
                     .auto_pad = window.auto_pad};
  const Dims wanted = node.integers("output_shape");
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs X and W are needed");
  conv.out = node.dtype(0);
  if (!wanted.empty()) {
    TRY(const std::vector<WantedAxis> axes, wanted_axes(node, conv, wanted));
    const bool upper = conv.auto_pad == AutoPad::kSameUpper;
    conv.auto_pad = AutoPad::kExplicit;
    const auto in = constant_dims(Shape(node.shape(0).begin() + 2, node.shape(0).end()));
    if (!in) return crop_to_wanted(node, build, std::move(conv), axes, upper);
    conv.pads = padding_of(axes, *in, upper);
  }
  TRY(const ValueId y, build.add(std::move(conv), node.inputs()));
  return Values{y};
}

}  // namespace bolide::onnx
