#include "ops/pool.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/window.h"
#include "ops/arithmetic.h"
#include "ops/reduce.h"
#include "ops/unary_math.h"

#include <numeric>

namespace bolide::onnx {

/// ONNX MaxPool; `storage_order` since operator set 8, `dilations` and `ceil_mode` since 10.
Result<Values> import_max_pool(OnnxNodeView& node, Builder& build) {
  TRY(Window window, window_of(node));
  return build.add_node(MaxPool{.kernel = node.integers("kernel_shape"),
                                .strides = std::move(window.strides),
                                .pads = std::move(window.pads),
                                .dilations = std::move(window.dilations),
                                .auto_pad = window.auto_pad,
                                .ceil_mode = node.flag("ceil_mode"),
                                .storage_order = node.integer("storage_order", 0)},
                        node.inputs(), std::max<std::size_t>(node.output_count(), 1));
}

/// ONNX AveragePool; `count_include_pad` since operator set 7, `ceil_mode` 10, `dilations` 19.
Result<Values> import_average_pool(OnnxNodeView& node, Builder& build) {
  TRY(Window window, window_of(node));
  TRY(const ValueId y, build.add(AveragePool{.kernel = node.integers("kernel_shape"),
                                             .strides = std::move(window.strides),
                                             .pads = std::move(window.pads),
                                             .dilations = std::move(window.dilations),
                                             .auto_pad = window.auto_pad,
                                             .ceil_mode = node.flag("ceil_mode"),
                                             .count_include_pad = node.flag("count_include_pad")},
                                 node.inputs()));
  return Values{y};
}

namespace {

Result<Values> lp_pool(OnnxNodeView& node, Builder& build, float p) {
  TRY(Window window, window_of(node));
  TRY(const ValueId y, build.add(LpPool{.kernel = node.integers("kernel_shape"),
                                        .strides = std::move(window.strides),
                                        .pads = std::move(window.pads),
                                        .dilations = std::move(window.dilations),
                                        .auto_pad = window.auto_pad,
                                        .ceil_mode = node.flag("ceil_mode"),
                                        .p = p},
                                 node.inputs()));
  return Values{y};
}

}  // namespace

/// ONNX LpPool, operator set 1: p is a number that may have a fraction.
Result<Values> import_lp_pool_1(OnnxNodeView& node, Builder& build) {
  return lp_pool(node, build, node.number("p", 2.0F));
}

Result<Values> import_lp_pool(OnnxNodeView& node, Builder& build) {
  return lp_pool(node, build, static_cast<float>(node.integer("p", 2)));
}

namespace {

/// (sum of |x|^p)^(1/p) over `axes`, which stay as 1.
Result<ValueId> p_norm(Builder& build, ValueId x, const Dims& axes, double p) {
  const DataType dtype = build.type(x).dtype;
  TRY(const ValueId power, build.scalar(dtype, p));
  TRY(const ValueId root, build.scalar(dtype, 1 / p));
  TRY(const ValueId size, build.add(Abs{}, {x}));
  TRY(const ValueId raised, build.add(Pow{}, {size, power}));
  TRY(const ValueId sum, build.add(Reduce{.kind = ReduceKind::kSum, .axes = axes, .keepdims = true}, {raised}));
  return build.add(Pow{}, {sum, root});
}

}  // namespace

/// ONNX GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one number a channel, as a Reduce of all spatial axes.
Result<Values> import_global_pool(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || node.rank(0) < 2) return invalid_argument("input 0 must be [n, c, ...]");
  Dims axes(static_cast<std::size_t>(node.rank(0)) - 2);
  std::iota(axes.begin(), axes.end(), 2);
  if (axes.empty()) return import_identity(node, build);
  ReduceKind kind = ReduceKind::kMean;
  if (node.op_type() == "GlobalMaxPool") kind = ReduceKind::kMax;
  if (node.op_type() == "GlobalLpPool") {
    const double p =
        node.version() == 1 ? static_cast<double>(node.number("p", 2.0F)) : static_cast<double>(node.integer("p", 2));
    if (!(p > 0)) return invalid_argument("attribute 'p' is ", p);
    if (p != 1 && p != 2) {
      TRY(const ValueId y, p_norm(build, node.in(0), axes, p));
      return Values{y};
    }
    kind = p == 1 ? ReduceKind::kL1 : ReduceKind::kL2;
  }
  TRY(const ValueId y, build.add(Reduce{.kind = kind, .axes = axes, .keepdims = true}, {node.in(0)}));
  return Values{y};
}

}  // namespace bolide::onnx
