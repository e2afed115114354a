#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/same.h"
#include "import/onnx/rules/sizes.h"
#include "ops/deform_conv.h"
#include "ops/fill.h"
#include "ops/grid_sample.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/roi.h"
#include "ops/scatter.h"
#include "tensor/number.h"

namespace bolide::onnx {

/// ONNX GridSample-16..22; up to operator set 19 the modes are called bilinear and bicubic.
Result<Values> import_grid_sample(OnnxNodeView& node, Builder& build) {
  const std::string mode = node.text("mode", "linear");
  GridSample sample{.align_corners = node.flag("align_corners")};
  if (mode == "nearest") {
    sample.mode = SampleMode::kNearest;
  } else if (mode == "cubic" || mode == "bicubic") {
    sample.mode = SampleMode::kCubic;
  } else if (mode != "linear" && mode != "bilinear") {
    return invalid_argument("attribute 'mode' is '", mode, "', which is none of linear, nearest, cubic");
  }
  const std::string padding = node.text("padding_mode", "zeros");
  if (padding == "border") {
    sample.padding_mode = SamplePadding::kBorder;
  } else if (padding == "reflection") {
    sample.padding_mode = SamplePadding::kReflection;
  } else if (padding != "zeros") {
    return invalid_argument("attribute 'padding_mode' is '", padding, "', which is none of zeros, border, reflection");
  }
  TRY(const ValueId y, build.add(sample, node.inputs()));
  return Values{y};
}

/// ONNX RoiAlign; operator sets 10 to 15 do not move boxes by half a pixel.
Result<Values> import_roi_align(OnnxNodeView& node, Builder& build) {
  const std::string mode =
      node.text("coordinate_transformation_mode", node.version() < 16 ? "output_half_pixel" : "half_pixel");
  if (mode != "half_pixel" && mode != "output_half_pixel") {
    return invalid_argument("attribute 'coordinate_transformation_mode' is '", mode,
                            "', which is none of half_pixel, output_half_pixel");
  }
  const RoiAlign align{.half_pixel = mode == "half_pixel"};
  TRY(const ValueId y, build.add(with_attributes(align, node), node.inputs()));
  return Values{y};
}

/// ONNX DeformConv-19..22; `kernel_shape` repeats the sizes of the weights.
Result<Values> import_deform_conv(OnnxNodeView& node, Builder& build) {
  DeformConv conv{.strides = node.integers("strides"),
                  .pads = node.integers("pads"),
                  .dilations = node.integers("dilations"),
                  .groups = node.integer("group", 1),
                  .offset_groups = node.integer("offset_group", 1)};
  if (const Dims kernel = node.integers("kernel_shape"); !kernel.empty() && node.has_input(1)) {
    const Shape& w = node.shape(1);
    const auto known = constant_dims(w.size() < 2 ? Shape{} : Shape(w.begin() + 2, w.end()));
    if (known && *known != kernel) return invalid_argument("'kernel_shape' ", kernel, " of the weights ", node.type(1));
  }
  TRY(const ValueId y, build.add(std::move(conv), node.inputs()));
  return Values{y};
}

/// ONNX MaxUnpool-9..22: x at the positions that MaxPool told, zero elsewhere. Positions count in an output of
/// (in - 1) * stride + kernel - pads; with `output_shape` that is the corner of a larger one.
Result<Values> import_max_unpool(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs X and I are needed");
  const Dims kernel = node.integers("kernel_shape");
  const Dims strides = node.integers("strides", Dims(kernel.size(), 1));
  const Dims pads = node.integers("pads", Dims(2 * kernel.size(), 0));
  const std::int64_t rank = node.rank(0);
  if (rank != static_cast<std::int64_t>(kernel.size()) + 2 || strides.size() != kernel.size() ||
      pads.size() != 2 * kernel.size()) {
    return invalid_argument("kernel_shape ", kernel, ", strides ", strides, " and pads ", pads, " for ", node.type(0));
  }
  Dims grown = kernel;
  for (std::size_t i = 0; i < kernel.size(); ++i) grown[i] -= pads[i] + pads[i + kernel.size()];
  Formula f(build);
  TRY(const ValueId sizes, sizes_of(build, node.in(0)));
  const ValueId windows = f.mul(f.add(f.slice(sizes, 0, 2, rank), -1.0), f.integers(strides));
  const ValueId whole = f.concat({f.slice(sizes, 0, 0, 2), f.add(windows, f.integers(grown))}, 0);
  TRY(const Tensor zero, cast(Tensor::of<float>(std::vector<float>{0}, Dims{1}), node.dtype(0)));
  const ValueId flat = f.op(ConstantOfShape{.value = zero}, {f.reduce(ReduceKind::kProd, whole, {0}, true)});
  const ValueId placed = f.op(ScatterElements{}, {flat, f.reshape(node.in(1), {-1}), f.reshape(node.in(0), {-1})});
  ValueId y = f.op(Reshape{.allowzero = true}, {placed, whole});
  if (node.has_input(2)) {
    const ValueId more = f.sub(f.cast(node.in(2), DataType::kI64), whole);
    y = f.op(Pad{}, {y, f.concat({f.mul(more, 0.0), more}, 0)});
  }
  return f.result({y});
}

/// ONNX LinearAttention-27; `chunk_size` is a hint for speed.
Result<Values> import_linear_attention(OnnxNodeView& node, Builder& build) {
  node.ignore("chunk_size");
  return import_same(node, build);
}

}  // namespace bolide::onnx
