/// canonicalize: one form for what can be written in several.
///
///     c + x            =>  x + c                (commutative operators: constants second)
///     x - c            =>  x + (-c)             floats
///     x / 2^k          =>  x * 2^-k             floats
///     x^2, x^1, x^0.5, x^-1   =>  x*x, x, sqrt(x), 1/x
///     1 / x            =>  Reciprocal(x)        floats
///     min(x, c), max(x, c)    =>  Clip(x)       one number c
///     Clip, Relu of Clip, Relu  =>  one Clip or Relu
///
/// Fires when   the constant is of the dtype of x, which the operators ask for anyway
/// Exact        every rule gives the same number, but for the sign of a zero, and x^0.5 of -inf, which becomes NaN
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/unary_math.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide {
namespace {

using Rewrite = Result<std::optional<Patch>>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

bool keeps_type(const Graph& graph, const Node& node, ValueId input) {
  return graph.value(node.outputs.front()).type == graph.value(input).type;
}

/// Swaps inputs in place; returns whether it did.
bool move_constant_second(Graph& graph, NodeId id) {
  constexpr std::string_view kCommutative[] = {"Add", "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal",
                                               "Max", "Min", "Mul",        "Or",        "Xor"};
  const Node& node = graph.node(id);
  if (std::find(std::begin(kCommutative), std::end(kCommutative), node.op.name()) == std::end(kCommutative)) {
    return false;
  }
  if (graph.constant(node.inputs[0]) == nullptr || graph.constant(node.inputs[1]) != nullptr) return false;
  const ValueId first = node.inputs[0];
  const ValueId second = node.inputs[1];
  graph.set_input(id, 0, second);
  graph.set_input(id, 1, first);
  return true;
}

/// `rule` on each element, when it accepts every one of them.
template <class Rule>
std::optional<Tensor> mapped(const Tensor& tensor, Rule rule) {
  const auto numbers = to_f64(tensor);
  if (!numbers) return std::nullopt;
  std::vector<double> out;
  for (const double number : *numbers) {
    const std::optional<double> result = rule(number);
    if (!result) return std::nullopt;
    out.push_back(*result);
  }
  auto wide = Tensor::of<double>(out, tensor.dims());
  auto narrow = cast(wide, tensor.dtype());
  if (!narrow) return std::nullopt;
  return *std::move(narrow);
}

/// 1/c when that is exact and far from overflow and subnormal numbers.
std::optional<double> exact_reciprocal(double c) {
  int exponent = 0;
  if (!std::isfinite(c) || std::abs(std::frexp(c, &exponent)) != 0.5) return std::nullopt;
  if (exponent < -12 || exponent > 12) return std::nullopt;
  return 1.0 / c;
}

template <class Target, class Rule>
Rewrite with_mapped_constant(Graph& graph, NodeId id, Rule rule) {
  const Node node = graph.node(id);
  const Tensor* constant = graph.constant(node.inputs[1]);
  if (constant == nullptr || graph.constant(node.inputs[0]) != nullptr || !is_float(constant->dtype())) {
    return std::optional<Patch>();
  }
  std::optional<Tensor> other = mapped(*constant, rule);
  if (!other) return std::optional<Patch>();
  Patch patch(graph, id);
  const ValueId number = patch.constant(graph.value(node.inputs[1]).name, *std::move(other));
  TRY(const ValueId result, patch.add(Target{}, {node.inputs[0], number}));
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

Rewrite replaced_by_op(Graph& graph, NodeId id, Op op, std::vector<ValueId> inputs) {
  Patch patch(graph, id);
  TRY(const ValueId result, patch.add(std::move(op), std::move(inputs)));
  patch.replace(graph.node(id).outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

Rewrite divide(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const ValueId x = node.inputs[1];
  if (is_float(graph.value(x).type.dtype) && uniform_number(graph, node.inputs[0]) == 1.0 &&
      graph.constant(x) == nullptr && keeps_type(graph, node, x)) {
    return replaced_by_op(graph, id, Reciprocal{}, {x});
  }
  return with_mapped_constant<Mul>(graph, id, exact_reciprocal);
}

Rewrite power(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const ValueId x = node.inputs[0];
  const auto exponent = uniform_number(graph, node.inputs[1]);
  if (!exponent || !keeps_type(graph, node, x)) return std::optional<Patch>();
  if (*exponent == 1) return replaced_by(graph, id, x);
  if (*exponent == 2) return replaced_by_op(graph, id, Mul{}, {x, x});
  if (!is_float(graph.value(x).type.dtype)) return std::optional<Patch>();
  if (*exponent == 0.5) return replaced_by_op(graph, id, Sqrt{}, {x});
  if (*exponent == -1) return replaced_by_op(graph, id, Reciprocal{}, {x});
  return std::optional<Patch>();
}

/// The bounds that an operator with one data input keeps its result in by clamping.
std::optional<Clip> bounds(const Graph& graph, const Node& node) {
  if (const Clip* clip = node.op.as<Clip>()) return *clip;
  Clip out;
  if (node.op.is<Relu>()) {
    out.lo = 0;
    return out;
  }
  const bool is_min = node.op.is<Min>();
  if ((!is_min && !node.op.is<Max>()) || !keeps_type(graph, node, node.inputs[0])) return std::nullopt;
  const auto number = uniform_number(graph, node.inputs[1]);
  if (!number || std::isnan(*number) || static_cast<double>(static_cast<float>(*number)) != *number) {
    return std::nullopt;
  }
  (is_min ? out.hi : out.lo) = static_cast<float>(*number);
  return out;
}

Rewrite clamp(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto outer = bounds(graph, node);
  if (!outer) return std::optional<Patch>();
  ValueId x = node.inputs[0];
  Clip merged = *outer;
  const Node* producer = graph.producer(x);
  const auto inner = producer != nullptr ? bounds(graph, *producer) : std::nullopt;
  const bool merges = inner && graph.use_count(x) == 1 && inner->lo <= inner->hi && outer->lo <= outer->hi;
  if (merges) {
    const auto limit = [&outer](float value) { return std::min(std::max(value, outer->lo), outer->hi); };
    merged.lo = limit(inner->lo);
    merged.hi = limit(inner->hi);
    x = producer->inputs[0];
  }
  const bool is_relu = merged.lo == 0 && merged.hi == kInfinity;
  const Op op = is_relu ? Op(Relu{}) : Op(merged);
  if (!merges && op == node.op) return std::optional<Patch>();
  if (merged.lo == -kInfinity && merged.hi == kInfinity) return replaced_by(graph, id, x);
  return replaced_by_op(graph, id, op, {x});
}

Rewrite rule(Graph& graph, NodeId id) {
  const Op& op = graph.node(id).op;
  if (op.is<Sub>()) return with_mapped_constant<Add>(graph, id, [](double c) { return std::optional(-c); });
  if (op.is<Div>()) return divide(graph, id);
  if (op.is<Pow>()) return power(graph, id);
  if (op.is<Clip>() || op.is<Relu>() || op.is<Min>() || op.is<Max>()) return clamp(graph, id);
  return std::optional<Patch>();
}

}  // namespace

Result<int> canonicalize(Graph& graph) {
  int moved = 0;
  for (const NodeId id : graph.order()) moved += move_constant_second(graph, id) ? 1 : 0;
  TRY(const int rewritten, rewrite_all(graph, rule));
  return moved + rewritten;
}

}  // namespace bolide
