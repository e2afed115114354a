#include "ops/arithmetic.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/same.h"
#include "ops/activation.h"
#include "ops/cast.h"
#include "ops/identity.h"
#include "ops/reshape.h"
#include "ops/unary_math.h"

#include <numeric>

namespace bolide::onnx {
namespace {

/// b with axes of size 1 behind it, so that its first axis meets axis `axis` of a.
Result<ValueId> align(Builder& build, ValueId a, ValueId b, std::int64_t axis) {
  const std::int64_t from = axis < 0 ? axis + build.rank(a) : axis;
  const std::int64_t missing = build.rank(a) - from - build.rank(b);
  if (from < 0 || missing < 0) {
    return invalid_argument("attribute 'axis' is ", axis, ", which ", build.type(b), " does not fit into ",
                            build.type(a));
  }
  if (missing == 0) return b;
  Dims axes(static_cast<std::size_t>(missing));
  std::iota(axes.begin(), axes.end(), build.rank(b));
  return build.add(Unsqueeze{.axes = axes}, {b});
}

/// op(op(a, b), c) ...
Result<Values> chain(const Op& op, OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  if (node.input_count() == 0) return invalid_argument("it has no inputs");
  if (node.input_count() == 1) return import_identity(node, build);
  ValueId result = node.in(0);
  for (std::size_t i = 1; i < node.input_count(); ++i) {
    TRY(result, build.add(op, {result, node.in(i)}));
  }
  return Values{result};
}

/// Bounds in the attributes of Clip are exact for the dtypes that f32 holds.
bool fits_f32(DataType dtype) { return bit_width(dtype) <= 16 || dtype == DataType::kF32; }

}  // namespace

/// ONNX Add, Sub, Mul, Div, Pow, And, ... of operator sets 1 to 6: b broadcasts to a only with `broadcast`, from axis
/// `axis` of a on (default: the last axes of both meet).
Result<Values> import_binary_1(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  const Result<Op> op = make_op(node.op_type());
  if (!op) return unsupported("the operator is not implemented yet");
  TRY_OK(check_numbers(*op, node));
  ValueId b = node.in(1);
  const bool broadcast = node.flag("broadcast");
  const bool has_axis = node.has("axis");
  const std::int64_t axis = node.integer("axis", 0);
  if (broadcast && has_axis && node.has_input(0) && node.has_input(1)) {
    TRY(b, align(build, node.in(0), b, axis));
  }
  TRY(const ValueId y, build.add(*op, {node.in(0), b}));
  return Values{y};
}

/// ONNX PRelu of operator sets 1 to 6: a slope of rank 1 has one number a channel.
Result<Values> import_prelu_1(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  ValueId slope = node.in(1);
  if (node.has_input(0) && node.has_input(1) && build.rank(slope) == 1 && node.rank(0) > 2) {
    TRY(slope, align(build, node.in(0), slope, 1));
  }
  TRY(const ValueId y, build.add(PRelu{}, {node.in(0), slope}));
  return Values{y};
}

Result<Values> import_sum(OnnxNodeView& node, Builder& build) { return chain(Add{}, node, build); }
Result<Values> import_max(OnnxNodeView& node, Builder& build) { return chain(Max{}, node, build); }
Result<Values> import_min(OnnxNodeView& node, Builder& build) { return chain(Min{}, node, build); }

/// ONNX Mean: the sum of the inputs / their number.
Result<Values> import_mean(OnnxNodeView& node, Builder& build) {
  TRY(const Values sum, chain(Add{}, node, build));
  if (node.input_count() == 1) return sum;
  TRY(const ValueId count, build.scalar(node.dtype(0), static_cast<double>(node.input_count())));
  TRY(const ValueId y, build.add(Div{}, {sum[0], count}));
  return Values{y};
}

/// ONNX Clip, operator sets 1 to 10: bounds are attributes, by default none.
Result<Values> import_clip_1(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  const Clip defaults;
  TRY(const ValueId y,
      build.add(Clip{.lo = node.number("min", defaults.lo), .hi = node.number("max", defaults.hi)}, {node.in(0)}));
  return Values{y};
}

/// ONNX Clip, operator set 11 and later: bounds are optional inputs. min(max(x, lo), hi).
Result<Values> import_clip(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  const auto is_known = [&](std::size_t index) { return !node.has_input(index) || node.constant(index) != nullptr; };
  if (fits_f32(node.dtype(0)) && is_known(1) && is_known(2)) {
    Clip clip;
    if (node.has_input(1)) {
      TRY(const double lo, node.number_of(1, "min"));
      clip.lo = static_cast<float>(lo);
    }
    if (node.has_input(2)) {
      TRY(const double hi, node.number_of(2, "max"));
      clip.hi = static_cast<float>(hi);
    }
    TRY(const ValueId y, build.add(clip, {node.in(0)}));
    return Values{y};
  }
  ValueId y = node.in(0);
  if (node.has_input(1)) {
    TRY(y, build.add(Max{}, {y, node.in(1)}));
  }
  if (node.has_input(2)) {
    TRY(y, build.add(Min{}, {y, node.in(2)}));
  }
  if (y == node.in(0)) return import_identity(node, build);
  return Values{y};
}

/// ONNX Swish-24, and QuickGelu of com.microsoft (default alpha 1.702): x * sigmoid(alpha * x).
Result<Values> import_swish(OnnxNodeView& node, Builder& build) {
  const float alpha = node.number("alpha", node.op_type() == "QuickGelu" ? 1.702F : 1.0F);
  TRY(const ValueId y, build.add(Silu{.alpha = alpha}, {node.in(0)}));
  return Values{y};
}

/// ONNX SwiGLU: Swish of the first input * the second; their sizes agree.
Result<Values> import_swiglu(OnnxNodeView& node, Builder& build) {
  TRY(const ValueId gate, build.add(Silu{.alpha = node.number("alpha", 1.0F)}, {node.in(0)}));
  TRY(const ValueId y, build.add(Mul{}, {gate, node.in(1)}));
  return Values{y};
}

/// ONNX Selu, operator sets 1 to 5: the defaults have fewer digits.
Result<Values> import_selu_1(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  const Selu selu{.alpha = node.number("alpha", 1.6732F), .gamma = node.number("gamma", 1.0507F)};
  TRY(const ValueId y, build.add(selu, {node.in(0)}));
  return Values{y};
}

/// ONNX Shrink; of integers the formula is computed in f64 and its result truncated.
Result<Values> import_shrink(OnnxNodeView& node, Builder& build) {
  const Shrink shrink{.bias = node.number("bias", 0), .lambd = node.number("lambd", 0.5F)};
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  const DataType dtype = node.dtype(0);
  if (!is_integer(dtype)) {
    TRY(const ValueId y, build.add(shrink, {node.in(0)}));
    return Values{y};
  }
  TRY(const ValueId wide, build.add(Cast{.to = DataType::kF64}, {node.in(0)}));
  TRY(const ValueId shrunk, build.add(shrink, {wide}));
  TRY(const ValueId y, build.add(Cast{.to = dtype}, {shrunk}));
  return Values{y};
}

/// ONNX Celu: max(0, x) + min(0, alpha * (e^(x / alpha) - 1)), which is alpha * Elu(x / alpha) with Elu's alpha 1.
Result<Values> import_celu(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  TRY(const ValueId alpha, build.scalar(node.dtype(0), node.number("alpha", 1.0F)));
  TRY(const ValueId scaled, build.add(Div{}, {node.in(0), alpha}));
  TRY(const ValueId elu, build.add(Elu{}, {scaled}));
  TRY(const ValueId y, build.add(Mul{}, {elu, alpha}));
  return Values{y};
}

}  // namespace bolide::onnx
