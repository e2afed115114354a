// QLinear operators of com.microsoft with one tensor, and Where: dequantise, compute in f32, quantise.
#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/microsoft.h"
#include "import/onnx/rules/quantize.h"
#include "import/onnx/rules/sizes.h"
#include "import/onnx/rules/window.h"
#include "ops/activation.h"
#include "ops/logic.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/softmax.h"

#include <numeric>

namespace bolide::onnx {
namespace {

/// `opset` tells which Softmax is meant: before 13 all axes from `axis` on are one.
ValueId softmax(OnnxNodeView& node, Formula& f, Builder& build, ValueId x) {
  std::int64_t axis = node.integer("axis", -1);
  const std::int64_t rank = f.rank(x);
  if (axis < 0) axis += rank;
  if (!!f.failed() || node.integer("opset", 13) >= 13 || axis == rank - 1) return f.op(Softmax{.axis = axis}, {x});
  if (axis < 0 || axis >= rank) return f.take(invalid_argument("attribute 'axis' is outside of ", f.type(x)));
  const ValueId sizes = f.take(sizes_of(build, x));
  return f.op(Reshape{.allowzero = true}, {f.op(Softmax{.axis = axis}, {f.take(flatten_from(build, x, axis))}), sizes});
}

ValueId average_pool(OnnxNodeView& node, Formula& f, ValueId x) {
  Result<Window> window = window_of(node);
  if (!window) return f.take(window.error());
  return f.op(AveragePool{.kernel = node.integers("kernel_shape"),
                          .strides = std::move(window->strides),
                          .pads = std::move(window->pads),
                          .dilations = std::move(window->dilations),
                          .auto_pad = window->auto_pad,
                          .ceil_mode = node.flag("ceil_mode"),
                          .count_include_pad = node.flag("count_include_pad")},
              {x});
}

ValueId global_average(Formula& f, ValueId x) {
  Dims axes(static_cast<std::size_t>(std::max<std::int64_t>(f.rank(x) - 2, 0)));
  std::iota(axes.begin(), axes.end(), 2);
  return f.op(Reduce{.kind = ReduceKind::kMean, .axes = axes, .keepdims = true}, {x});
}

}  // namespace

/// Inputs X, x_scale, x_zero, y_scale, y_zero; the pooling ones may have the channels as the last axis.
Result<Values> import_qlinear_unary(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1) || !node.has_input(3)) {
    return invalid_argument("inputs X, x_scale and y_scale are needed");
  }
  Formula f(build);
  const bool channels_last = node.flag("channels_last");
  const ValueId codes = channels_last ? f.move_axis(node.in(0), -1, 1) : node.in(0);
  ValueId x = !f.failed() ? f.take(dequantized(build, codes, node.in(1), node.in(2))) : kNoValue;
  const std::string_view type = node.op_type();
  if (type == "QLinearSigmoid") {
    x = f.op(Sigmoid{}, {x});
  } else if (type == "QLinearLeakyRelu") {
    x = f.op(LeakyRelu{.alpha = node.number("alpha", 0.01F)}, {x});
  } else if (type == "QLinearReduceMean") {
    x = f.op(Reduce{.kind = ReduceKind::kMean, .axes = node.integers("axes"), .keepdims = node.flag("keepdims", true)},
             {x});
  } else if (type == "QLinearGlobalAveragePool") {
    x = global_average(f, x);
  } else if (type == "QLinearAveragePool") {
    x = average_pool(node, f, x);
  } else {  // QLinearSoftmax
    x = softmax(node, f, build, x);
  }
  TRY_OK(f.status());
  const ValueId y = f.take(quantized(build, x, node.in(3), node.in(4), node.dtype(0)));
  return f.result({channels_last ? f.move_axis(y, 1, -1) : y});
}

/// QLinearWhere of com.microsoft: inputs condition, X, x_scale, x_zero, Y, y_scale, y_zero, z_scale, z_zero.
Result<Values> import_qlinear_where(OnnxNodeView& node, Builder& build) {
  if (node.input_count() != 9) return invalid_argument("it has ", node.input_count(), " inputs, 9 are needed");
  TRY(const ValueId x, dequantized(build, node.in(1), node.in(2), node.in(3)));
  TRY(const ValueId y, dequantized(build, node.in(4), node.in(5), node.in(6)));
  TRY(const ValueId z, build.add(Where{}, {node.in(0), x, y}));
  TRY(const ValueId codes, quantized(build, z, node.in(7), node.in(8), node.dtype(1)));
  return Values{codes};
}

}  // namespace bolide::onnx
