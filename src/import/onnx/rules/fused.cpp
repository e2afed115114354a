#include "import/onnx/rules/activation.h"
#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/microsoft.h"
#include "import/onnx/rules/window.h"
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/matmul.h"
#include "ops/pool.h"

namespace bolide::onnx {

/// FusedGemm of com.microsoft: activation(Gemm(A, B, C)).
Result<Values> import_fused_gemm(OnnxNodeView& node, Builder& build) {
  TRY(const Values y, import_gemm(node, build));
  return with_activation(node, build, y[0]);
}

/// FusedMatMul and TransposeMatMul of com.microsoft: alpha * A' B'. A' is A with its first axis moved behind the batch
/// axes (transBatchA), then with the last two axes exchanged (transA); a vector stays as it is.
Result<Values> import_fused_matmul(OnnxNodeView& node, Builder& build) {
  const std::array<bool, 2> swap = {node.flag("transA"), node.flag("transB")};
  const std::array<bool, 2> batch = {node.flag("transBatchA"), node.flag("transBatchB")};
  const float alpha = node.number("alpha", 1.0F);
  Formula f(build);
  Values operands;
  for (std::size_t i = 0; i < 2; ++i) {
    ValueId x = node.in(i);
    if (x == kNoValue) return invalid_argument("inputs A and B are needed");
    if (batch.at(i) && f.rank(x) > 2) x = f.move_axis(x, 0, -2);
    if (swap.at(i) && f.rank(x) > 1) x = f.move_axis(x, -1, -2);
    operands.push_back(x);
  }
  const ValueId y = f.op(MatMul{.out = node.dtype(0)}, {operands[0], operands[1]});
  return f.result({f.scale(y, static_cast<double>(alpha))});
}

/// BiasSplitGelu of com.microsoft: the first half of the last axis of X + bias, times Gelu of the second.
Result<Values> import_bias_split_gelu(OnnxNodeView& node, Builder& build) {
  Formula f(build);
  const ValueId sum = f.op(Add{}, {node.in(0), node.in(1)});
  const std::int64_t axis = f.rank(sum) - 1;
  const auto size = !f.failed() && axis >= 0 ? f.type(sum).shape.back().constant() : std::nullopt;
  if (!f.failed() && (!size || *size % 2 != 0))
    return unsupported("the last axis of ", f.type(sum), " has no two halves");
  const std::int64_t half = size.value_or(0) / 2;
  const ValueId gate = f.op(Gelu{}, {f.slice(sum, axis, half, 2 * half)});
  return f.result({f.op(Mul{}, {f.slice(sum, axis, 0, half), gate})});
}

/// NhwcMaxPool of com.microsoft: MaxPool with the channels as the last axis.
Result<Values> import_nhwc_max_pool(OnnxNodeView& node, Builder& build) {
  TRY(Window window, window_of(node));
  Formula f(build);
  const MaxPool pool{.kernel = node.integers("kernel_shape"),
                     .strides = std::move(window.strides),
                     .pads = std::move(window.pads),
                     .dilations = std::move(window.dilations),
                     .auto_pad = window.auto_pad,
                     .ceil_mode = node.flag("ceil_mode")};
  return f.result({f.move_axis(f.op(pool, {f.move_axis(node.in(0), -1, 1)}), 1, -1)});
}

}  // namespace bolide::onnx
