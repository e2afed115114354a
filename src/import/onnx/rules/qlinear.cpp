// Operators on codes are written as what they mean: dequantise, compute in f32, quantise. Passes find the integer
// forms.
#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/quantize.h"
#include "import/onnx/rules/window.h"
#include "ops/arithmetic.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/transpose.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

/// The product of two scales times `factor`, computed now where both are known.
Result<ValueId> scale_product(Builder& build, ValueId a, ValueId b, float factor = 1.0F) {
  const Tensor* ta = build.value(a).constant.get();
  const Tensor* tb = build.value(b).constant.get();
  if (ta != nullptr && tb != nullptr && (ta->count() == 1 || tb->count() == 1)) {
    TRY(const std::vector<double> x, to_f64(*ta));
    TRY(const std::vector<double> y, to_f64(*tb));
    std::vector<float> product(std::max(x.size(), y.size()));
    for (std::size_t i = 0; i < product.size(); ++i) {
      product[i] =
          static_cast<float>(x[x.size() == 1 ? 0 : i] * y[y.size() == 1 ? 0 : i] * static_cast<double>(factor));
    }
    return build.constant("scale", Tensor::of<float>(product, ta->count() == 1 ? tb->dims() : ta->dims()));
  }
  TRY(ValueId y, build.add(Mul{}, {a, b}));
  if (factor == 1.0F) return y;
  TRY(const ValueId number, build.scalar(DataType::kF32, factor));
  return build.add(Mul{}, {y, number});
}

Status need(const OnnxNodeView& node, std::initializer_list<std::size_t> inputs) {
  for (const std::size_t input : inputs) {
    if (!node.has_input(input)) return invalid_argument("input ", input, " is missing");
  }
  return ok();
}

}  // namespace

/// ONNX QLinearConv: inputs x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, and optionally the bias, i32 with
/// the scale x_scale * w_scale. Weights have one scale, or one an output channel. That of com.microsoft may have the
/// channels of x and y as the last axis.
Result<Values> import_qlinear_conv(OnnxNodeView& node, Builder& build) {
  TRY_OK(need(node, {0, 1, 3, 4, 6}));
  node.ignore("kernel_shape");
  TRY(Window window, window_of(node));
  const bool channels_last = node.flag("channels_last");
  Formula f(build);
  const ValueId first = channels_last ? f.move_axis(node.in(0), -1, 1) : node.in(0);
  TRY_OK(f.status());
  TRY(const ValueId x, dequantized(build, first, node.in(1), node.in(2)));
  TRY(const ValueId w, dequantized(build, node.in(3), node.in(4), node.in(5), 0));
  Values inputs = {x, w};
  if (node.has_input(8)) {
    TRY(const ValueId scale, scale_product(build, node.in(1), node.in(4)));
    TRY(const ValueId bias, dequantized(build, node.in(8), scale, kNoValue, 0));
    inputs.push_back(bias);
  }
  TRY(const ValueId y, build.add(Conv{.strides = std::move(window.strides),
                                      .pads = std::move(window.pads),
                                      .dilations = std::move(window.dilations),
                                      .groups = node.integer("group", 1),
                                      .auto_pad = window.auto_pad},
                                 std::move(inputs)));
  TRY(const ValueId codes, quantized(build, y, node.in(6), node.in(7), node.dtype(0)));
  return f.result({channels_last ? f.move_axis(codes, 1, -1) : codes});
}

/// ONNX QLinearMatMul: inputs a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero. a may have a scale a row, b one
/// a column.
Result<Values> import_qlinear_matmul(OnnxNodeView& node, Builder& build) {
  TRY_OK(need(node, {0, 1, 3, 4, 6}));
  TRY(const ValueId a,
      dequantized(build, node.in(0), node.in(1), node.in(2), std::max<std::int64_t>(node.rank(0) - 2, 0)));
  TRY(const ValueId b,
      dequantized(build, node.in(3), node.in(4), node.in(5), std::max<std::int64_t>(node.rank(3) - 1, 0)));
  TRY(const ValueId y, build.add(MatMul{}, {a, b}));
  TRY(const ValueId codes, quantized(build, y, node.in(6), node.in(7), node.dtype(0)));
  return Values{codes};
}

/// QGemm of com.microsoft: inputs A, a_scale, a_zero, B, b_scale, b_zero, and optionally C (i32 with the scale
/// alpha * a_scale * b_scale), y_scale and y_zero; without them the result is f32.
Result<Values> import_qgemm(OnnxNodeView& node, Builder& build) {
  TRY_OK(need(node, {0, 1, 3, 4}));
  const float alpha = node.number("alpha", 1.0F);
  const Dims swap = {1, 0};
  TRY(ValueId a, dequantized(build, node.in(0), node.in(1), node.in(2)));
  const bool transpose_b = node.flag("transB");
  TRY(ValueId b, dequantized(build, node.in(3), node.in(4), node.in(5), transpose_b ? 0 : 1));
  if (node.flag("transA")) {
    TRY(a, build.add(Transpose{.perm = swap}, {a}));
  }
  if (transpose_b) {
    TRY(b, build.add(Transpose{.perm = swap}, {b}));
  }
  TRY(ValueId y, build.add(MatMul{}, {a, b}));
  if (alpha != 1.0F) {
    TRY(const ValueId number, build.scalar(DataType::kF32, alpha));
    TRY(y, build.add(Mul{}, {y, number}));
  }
  if (node.has_input(6)) {
    TRY(const ValueId scale, scale_product(build, node.in(1), node.in(4), alpha));
    TRY(const ValueId c, dequantized(build, node.in(6), scale, kNoValue, node.rank(6) - 1));
    TRY(y, build.add(Add{}, {y, c}));
  }
  if (node.has_input(7)) {
    TRY(y, quantized(build, y, node.in(7), node.in(8), node.dtype(0)));
  }
  return Values{y};
}

/// QLinearAdd and QLinearMul of com.microsoft: inputs A, a_scale, a_zero, B, b_scale, b_zero, c_scale, c_zero.
Result<Values> import_qlinear_binary(OnnxNodeView& node, Builder& build) {
  TRY_OK(need(node, {0, 1, 3, 4, 6}));
  TRY(const ValueId a, dequantized(build, node.in(0), node.in(1), node.in(2)));
  TRY(const ValueId b, dequantized(build, node.in(3), node.in(4), node.in(5)));
  TRY(const ValueId y, build.add(node.op_type() == "QLinearAdd" ? Op(Add{}) : Op(Mul{}), {a, b}));
  TRY(const ValueId codes, quantized(build, y, node.in(6), node.in(7), node.dtype(0)));
  return Values{codes};
}

/// QLinearConcat of com.microsoft: inputs y_scale, y_zero, then x, scale and zero of each part.
Result<Values> import_qlinear_concat(OnnxNodeView& node, Builder& build) {
  const std::int64_t axis = node.integer("axis", 0);
  if (node.input_count() < 4) return invalid_argument("it has ", node.input_count(), " inputs");
  Values parts;
  for (std::size_t i = 2; i < node.input_count(); i += 3) {
    TRY_OK(need(node, {i, i + 1}));
    TRY(const ValueId part, dequantized(build, node.in(i), node.in(i + 1), node.in(i + 2)));
    parts.push_back(part);
  }
  TRY(const ValueId y, build.add(Concat{.axis = axis}, std::move(parts)));
  TRY(const ValueId codes, quantized(build, y, node.in(0), node.in(1), node.dtype(2)));
  return Values{codes};
}

}  // namespace bolide::onnx
