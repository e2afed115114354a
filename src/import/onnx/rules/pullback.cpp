#include "import/onnx/rules/pullback.h"

#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/expr_derivative.h"
#include "ops/fused_elementwise.h"
#include "ops/gather.h"
#include "ops/identity.h"
#include "ops/matmul.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "ops/shape.h"
#include "ops/softmax.h"
#include "ops/transpose.h"

#include <numeric>

namespace bolide::onnx {
namespace {

ValueId reshaped_like(Formula& f, ValueId x, ValueId like) {
  return f.op(Reshape{.allowzero = true}, {x, f.op(ShapeOf{}, {like})});
}

ValueId expanded_like(Formula& f, ValueId x, ValueId like) { return f.op(Expand{}, {x, f.op(ShapeOf{}, {like})}); }

/// The last two axes swapped.
ValueId turned(Formula& f, ValueId x) {
  Dims perm(static_cast<std::size_t>(f.rank(x)));
  std::iota(perm.begin(), perm.end(), 0);
  if (perm.size() < 2) f.fail(unsupported("gradients of products with vectors; matrices work"));
  if (perm.size() >= 2) std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return f.transpose(x, perm);
}

Values elementwise(Formula& f, const Node& node, ValueId g, const std::vector<bool>& wanted) {
  Values out(node.inputs.size(), kNoValue);
  const std::optional<Expr> expr = node.op.expression();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!wanted[i]) continue;
    Result<Expr> slope = derivative(*expr, static_cast<int>(i));
    if (!slope) f.fail(slope.error());
    if (f.failed()) return out;
    Values inputs = node.inputs;
    inputs.push_back(g);
    const Elementwise op{.expr = *std::move(slope), .out = f.dtype(node.inputs[i])};
    out[i] = sum_to(f, f.op(op, std::move(inputs)), node.inputs[i]);
  }
  return out;
}

Values product(Formula& f, const Node& node, ValueId g, const std::vector<bool>& wanted) {
  const ValueId a = node.inputs[0];
  const ValueId b = node.inputs[1];
  Values out(node.inputs.size(), kNoValue);
  if (wanted[0]) out[0] = sum_to(f, f.matmul(g, turned(f, b)), a);
  if (wanted[1]) out[1] = sum_to(f, f.matmul(turned(f, a), g), b);
  if (wanted.size() > 2 && wanted[2]) out[2] = sum_to(f, g, node.inputs[2]);
  return out;
}

ValueId reduced(Formula& f, const Reduce& op, ValueId x, ValueId g) {
  if (op.kind != ReduceKind::kSum && op.kind != ReduceKind::kMean && op.kind != ReduceKind::kSumSquare) {
    f.fail(unsupported("there is no gradient of Reduce ", enum_names(op.kind)[static_cast<std::size_t>(op.kind)]));
  }
  Dims axes = op.axes;
  if (axes.empty()) {
    axes.resize(static_cast<std::size_t>(f.rank(x)));
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (std::int64_t& axis : axes) axis += axis < 0 ? f.rank(x) : 0;
  const ValueId wide = expanded_like(f, op.keepdims || axes.empty() ? g : f.unsqueeze(g, axes), x);
  if (op.kind == ReduceKind::kSumSquare) return f.mul(f.mul(wide, x), 2.0);
  if (op.kind == ReduceKind::kSum) return wide;
  const ValueId sizes = f.gather(f.op(ShapeOf{}, {x}), f.integers(axes), 0);
  return f.div(wide, f.cast(f.reduce(ReduceKind::kProd, sizes), f.dtype(x)));
}

Values joined(Formula& f, const Node& node, std::int64_t axis, ValueId g, const std::vector<bool>& wanted) {
  Values out(node.inputs.size(), kNoValue);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t size = f.known_size(node.inputs[i], axis, "the size of a part of Concat");
    if (wanted[i]) out[i] = f.slice(g, axis, at, at + size);
    at += size;
  }
  return out;
}

/// One input, from the one output y.
ValueId single(Formula& f, const Node& node, ValueId g) {
  const ValueId x = node.inputs[0];
  const ValueId y = node.outputs[0];
  if (node.op.is<Identity>()) return g;
  if (node.op.is<Cast>()) return f.cast(g, f.dtype(x));
  if (node.op.is<Reshape>() || node.op.is<Squeeze>() || node.op.is<Unsqueeze>()) return reshaped_like(f, g, x);
  if (node.op.is<Expand>()) return sum_to(f, g, x);
  if (const Reduce* reduce = node.op.as<Reduce>()) return reduced(f, *reduce, x, g);
  if (const Transpose* transpose = node.op.as<Transpose>()) {
    const auto order = transpose->order(static_cast<int>(f.rank(x)));
    if (!order) return f.fail(order.error()), kNoValue;
    Dims back(order->size());
    for (std::size_t i = 0; i < back.size(); ++i) back[(*order)[i]] = static_cast<std::int64_t>(i);
    return f.transpose(g, back);
  }
  if (const Softmax* softmax = node.op.as<Softmax>()) {
    return f.mul(y, f.sub(g, f.reduce(ReduceKind::kSum, f.mul(g, y), {softmax->axis}, true)));
  }
  if (const LogSoftmax* softmax = node.op.as<LogSoftmax>()) {
    return f.sub(g, f.mul(f.op(Exp{}, {y}), f.reduce(ReduceKind::kSum, g, {softmax->axis}, true)));
  }
  if (const AveragePool* pool = node.op.as<AveragePool>()) return average_pullback(f, node, *pool, g);
  return moved_pullback(f, node, g);
}

}  // namespace

ValueId sum_to(Formula& f, ValueId x, ValueId like) {
  if (f.failed()) return kNoValue;
  const Shape& want = f.type(like).shape;
  const Shape& have = f.type(x).shape;
  Dims axes;
  for (std::size_t i = 0; i < have.size(); ++i) {
    const std::size_t lead = have.size() - want.size();
    if (i < lead || (want[i - lead] == Dim(1) && !(have[i] == Dim(1)))) axes.push_back(static_cast<std::int64_t>(i));
  }
  return axes.empty() ? x : reshaped_like(f, f.reduce(ReduceKind::kSum, x, axes, true), like);
}

Values pullback(Formula& f, const Node& node, const Values& gradients, const std::vector<bool>& wanted) {
  Values out(node.inputs.size(), kNoValue);
  const ValueId g = gradients[0];
  if (node.op.expression()) return elementwise(f, node, g, wanted);
  if (const MatMul* op = node.op.as<MatMul>(); op != nullptr && op->epilogue.is_identity() && g != kNoValue) {
    return product(f, node, g, wanted);
  }
  if (const Conv* conv = node.op.as<Conv>(); conv != nullptr && conv->epilogue.is_identity()) {
    return conv_pullback(f, node, *conv, g, wanted);
  }
  if (const Concat* concat = node.op.as<Concat>()) return joined(f, node, concat->axis, g, wanted);
  if (gradients.size() > 1 && (g == kNoValue || !node.op.is<MaxPool>()))
    f.fail(unsupported("there is no gradient of the operator ", node.op.name()));
  if (wanted[0]) out[0] = single(f, node, g);
  return out;
}

}  // namespace bolide::onnx
