/// recognise-reductions: softmax and norms that were exported as arithmetic around sums.
///
///     e = exp(x - max(x)); y = e / sum(e)     =>   y = Softmax(x)
///     log(sum(exp(x)))                        =>   Reduce(x) kind=log_sum_exp
///     sqrt(sum(x * x))                        =>   Reduce(x) kind=l2
///
/// Fires when   the reductions are over the same axes, one kept axis for Softmax
/// Numeric      nearer to the exact result: sums in double, the maximum taken out
#include "ops/axis.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace bolide {
namespace {

const Reduce* reduction(const Graph& graph, const Pattern::Match& match, std::string_view label, ReduceKind kind) {
  const auto found = match.nodes.find(label);
  const Reduce* reduce = found == match.nodes.end() ? nullptr : graph.node(found->second).op.as<Reduce>();
  return reduce != nullptr && reduce->kind == kind ? reduce : nullptr;
}

/// The one axis of the reduction, which it keeps as 1.
std::optional<std::int64_t> kept_axis(const Reduce* reduce, int rank) {
  if (reduce == nullptr || !reduce->keepdims || reduce->axes.size() != 1) return std::nullopt;
  const auto axis = normalize_axis(reduce->axes[0], rank);
  if (!axis) return std::nullopt;
  return static_cast<std::int64_t>(*axis);
}

Result<std::optional<Patch>> replaced_by_op(Graph& graph, NodeId id, Op op, ValueId x) {
  Patch patch(graph, id);
  TRY(const ValueId result, patch.add(std::move(op), {x}));
  patch.replace(graph.node(id).outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

Result<std::optional<Patch>> softmax(Graph& graph, NodeId id) {
  static const Pattern kStable("Div(Exp@e(Sub@d($x,Reduce@m($x))),Reduce@s(Exp@e(Sub@d($x,Reduce@m($x)))))");
  static const Pattern kPlain("Div(Exp@e($x),Reduce@s(Exp@e($x)))");
  for (const Pattern* form : {&kStable, &kPlain}) {
    const auto match = form->find(graph, id);
    if (!match) continue;
    const ValueId x = match->value("x");
    const int rank = graph.value(x).type.rank();
    const auto axis = kept_axis(reduction(graph, *match, "s", ReduceKind::kSum), rank);
    const bool has_maximum = match->nodes.contains("m");
    const auto maximum_axis = kept_axis(reduction(graph, *match, "m", ReduceKind::kMax), rank);
    if (!axis || (has_maximum && maximum_axis != axis) || !is_float(graph.value(x).type.dtype)) continue;
    return replaced_by_op(graph, id, Softmax{*axis}, x);
  }
  return std::optional<Patch>();
}

Result<std::optional<Patch>> norm(Graph& graph, NodeId id) {
  static const Pattern kLogSumExp("Log(Reduce@s(Exp($x)))");
  static const Pattern kLength("Sqrt(Reduce@s(Mul($x,$x)))");
  for (const Pattern* form : {&kLogSumExp, &kLength}) {
    const auto match = form->find(graph, id);
    if (!match) continue;
    const Reduce* sum = reduction(graph, *match, "s", ReduceKind::kSum);
    const ValueId x = match->value("x");
    if (sum == nullptr || !is_float(graph.value(x).type.dtype)) continue;
    Reduce all = *sum;
    all.kind = form == &kLogSumExp ? ReduceKind::kLogSumExp : ReduceKind::kL2;
    return replaced_by_op(graph, id, all, x);
  }
  return std::optional<Patch>();
}

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  TRY(std::optional<Patch> found, softmax(graph, id));
  if (found) return found;
  return norm(graph, id);
}

}  // namespace

Result<int> recognise_reductions(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
