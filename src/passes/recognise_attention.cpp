/// recognise-attention: scaled dot product attention.
///
///     q --------------+
///     k -> Transpose -+-> MatMul -> Mul(scale) -> Add(mask) -> Softmax -+-> MatMul -> y
///     v ---------------------------------------------------------------+
///        =>   q, k, v, mask -> Attention(scale) -> y
///     q -> Mul(c) -> Attention(scale)   =>   q -> Attention(scale * c);   the same for k, and behind a Transpose
///
/// Fires when   q, k, v have rank 4, equal batch and head sizes and one float type; the softmax is over the last axis;
///              the values between have no other reader; scale is one finite number other than 0
/// Numeric      the scale is multiplied once instead of twice; scores are not rounded to the dtype in between
#include "ops/arithmetic.h"
#include "ops/attention.h"
#include "ops/matmul.h"
#include "ops/softmax.h"
#include "ops/transpose.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <cmath>

namespace bolide {
namespace {

using Rewrite = Result<std::optional<Patch>>;

/// A product without bias, epilogue or zero points.
bool is_plain_product(const Graph& graph, const Node& node) {
  const MatMul* product = node.op.as<MatMul>();
  return product != nullptr && node.inputs.size() == 2 && product->epilogue.is_identity() && product->a_zero == 0 &&
         product->b_zero == 0 && product->out == graph.value(node.inputs[0]).type.dtype;
}

/// The other input and the factor of a product or quotient with one number that keeps the type.
std::optional<std::pair<ValueId, double>> scaled(const Graph& graph, ValueId value) {
  const Node* node = graph.producer(value);
  if (node == nullptr || (!node->op.is<Mul>() && !node->op.is<Div>())) return std::nullopt;
  for (const std::size_t at : {std::size_t{1}, std::size_t{0}}) {
    const auto number = uniform_number(graph, node->inputs[at]);
    if (!number || (node->op.is<Div>() && at == 0)) continue;
    const double factor = node->op.is<Div>() ? 1.0 / *number : *number;
    const ValueId other = node->inputs[1 - at];
    if (!std::isfinite(factor) || factor == 0 || !(graph.value(other).type == graph.value(value).type)) continue;
    return std::pair(other, factor);
  }
  return std::nullopt;
}

/// What stands between the first product and the softmax.
struct Scores {
  ValueId product = kNoValue;
  ValueId mask = kNoValue;
  double scale = 1;
};

bool is_sole_product(const Graph& graph, ValueId value) {
  const Node* node = graph.producer(value);
  return node != nullptr && graph.use_count(value) == 1 && is_plain_product(graph, *node);
}

std::optional<Scores> unscaled(const Graph& graph, ValueId value) {
  Scores out{value, kNoValue, 1};
  if (graph.use_count(value) != 1) return std::nullopt;
  if (const auto inner = scaled(graph, value)) out = {inner->first, kNoValue, inner->second};
  if (!is_sole_product(graph, out.product)) return std::nullopt;
  return out;
}

std::optional<Scores> scores_of(const Graph& graph, ValueId value) {
  if (graph.use_count(value) != 1) return std::nullopt;
  if (auto plain = unscaled(graph, value)) return plain;
  const Node* add = graph.producer(value);
  if (add == nullptr || !add->op.is<Add>()) return std::nullopt;
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    if (!(graph.value(add->inputs[at]).type == graph.value(value).type)) continue;
    auto out = unscaled(graph, add->inputs[at]);
    if (!out) continue;
    out->mask = add->inputs[1 - at];
    return out;
  }
  return std::nullopt;
}

bool fits(const Graph& graph, ValueId q, ValueId k_transposed, ValueId v) {
  const TensorType& a = graph.value(q).type;
  const TensorType& b = graph.value(k_transposed).type;
  const TensorType& c = graph.value(v).type;
  if (a.rank() != 4 || b.rank() != 4 || c.rank() != 4 || !is_float(a.dtype)) return false;
  if (a.dtype != b.dtype || a.dtype != c.dtype) return false;
  for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
    if (!(a.shape[axis] == b.shape[axis]) || !(a.shape[axis] == c.shape[axis])) return false;
  }
  return a.shape[3] == b.shape[2] && b.shape[3] == c.shape[2];
}

/// The keys as [b, h, t, d], through the Transpose that made them when there is one.
Result<ValueId> keys(const Graph& graph, Patch& patch, ValueId k_transposed) {
  const Node* made = graph.producer(k_transposed);
  const Transpose* transpose = made == nullptr ? nullptr : made->op.as<Transpose>();
  if (transpose == nullptr) return patch.add(Transpose{{0, 1, 3, 2}}, {k_transposed});
  const ValueId source = made->inputs[0];
  TRY(const std::vector<std::size_t> order, transpose->order(4));
  Transpose both;
  for (const std::size_t axis : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{2}}) {
    both.perm.push_back(static_cast<std::int64_t>(order[axis]));
  }
  if (std::is_sorted(both.perm.begin(), both.perm.end())) return source;
  return patch.add(both, {source});
}

Rewrite recognise(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (!is_plain_product(graph, node)) return std::optional<Patch>();
  const Softmax* softmax = sole_producer<Softmax>(graph, node.inputs[0]);
  if (softmax == nullptr || (softmax->axis != -1 && softmax->axis != 3)) return std::optional<Patch>();
  const auto scores = scores_of(graph, graph.producer(node.inputs[0])->inputs[0]);
  if (!scores) return std::optional<Patch>();
  const Node product = *graph.producer(scores->product);
  const ValueId q = product.inputs[0];
  const ValueId v = node.inputs[1];
  if (!fits(graph, q, product.inputs[1], v)) return std::optional<Patch>();
  Patch patch(graph, id);
  TRY(const ValueId k, keys(graph, patch, product.inputs[1]));
  std::vector<ValueId> inputs = {q, k, v};
  if (scores->mask != kNoValue) inputs.push_back(scores->mask);
  TRY(const ValueId result, patch.add(Attention{.scale = static_cast<float>(scores->scale)}, std::move(inputs)));
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

/// One factor of q or k into the scale.
Rewrite take_factor(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    const ValueId value = node.inputs[at];
    const Node* made = graph.producer(value);
    const Transpose* transpose = made == nullptr ? nullptr : made->op.as<Transpose>();
    const ValueId product = transpose != nullptr ? made->inputs[0] : value;
    const auto inner = scaled(graph, product);
    if (!inner || graph.use_count(product) != 1 || graph.use_count(value) != 1) continue;
    Attention moved = *node.op.as<Attention>();
    const double scale = static_cast<double>(moved.scale) * inner->second;
    if (!std::isfinite(static_cast<float>(scale)) || static_cast<float>(scale) == 0) continue;
    moved.scale = static_cast<float>(scale);
    const bool is_moved = transpose != nullptr;
    const Transpose again = is_moved ? *transpose : Transpose{};
    Patch patch(graph, id);
    std::vector<ValueId> inputs = node.inputs;
    inputs[at] = inner->first;
    if (is_moved) {
      TRY(inputs[at], patch.add(again, {inner->first}));
    }
    TRY(const ValueId result, patch.add(moved, std::move(inputs)));
    patch.replace(node.outputs.front(), result);
    return std::optional<Patch>(std::move(patch));
  }
  return std::optional<Patch>();
}

}  // namespace

Result<int> recognise_attention(Graph& graph) {
  TRY(int rewrites, rewrite_each<MatMul>(graph, recognise));
  for (int more = 1; more > 0; rewrites += more) {
    TRY(more, rewrite_each<Attention>(graph, take_factor));
  }
  return rewrites;
}

}  // namespace bolide
